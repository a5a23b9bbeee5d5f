import { chmodSync, closeSync, openSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { InvalidSpecError, meta, ResourceExhaustedError, runtime } from '@aurae/proto';
import { defaultPath, ProcessRuntime } from '@aurae/runtime-process';
import { describe, expect, test } from 'vitest';
import { exec, useRuntime } from './exec-harness.js';
import { temporaryDirectory } from './temporary-directory.js';

const current = useRuntime();
const run = (request: Parameters<typeof exec>[1], signal?: AbortSignal) => exec(current(), request, signal);
const { STATUS_COMPLETE, STATUS_ERROR } = meta.Status;

describe('a command that runs', () => {
  test('answers with its pid, output and exit code', async () => {
    const status = await run({ command: 'echo out; echo err >&2; echo $$; exit 3' });
    expect(status).toMatchObject({ status: STATUS_COMPLETE, stderr: 'err\n', exitCode: '3', signal: 0, errorCode: '' });
    expect(status.stdout).toBe(`out\n${status.proc?.pid}\n`);
    expect(status.meta?.message).toBe('');
  });

  test('that a signal ended has 128 + N as its code, and a message that names the signal', async () => {
    const status = await run({ command: 'ulimit -c 0; kill -SEGV $$' });
    expect(status).toMatchObject({ status: STATUS_COMPLETE, exitCode: '139', signal: 11 });
    expect(status.meta?.message).toContain('SIGSEGV');
  });

  test('tells what the kernel accounted to it', async () => {
    const { usage } = await run({ command: 'x=$(head -c 400000000 /dev/zero | tr "\\0" x); :' });
    expect(usage?.userCpuUs).toBeGreaterThan(0n);
    expect(usage?.maxRssBytes).toBeGreaterThan(400_000_000n);
    // The peak of this test process is not taken for that of a small command.
    expect((await run({ command: '/bin/true' })).usage?.maxRssBytes).toBe(0n);
  });

  test('has an empty signal mask, no ignored signals, and the usual limit of open files', async () => {
    const { stdout } = await run({ command: "grep -E 'SigBlk|SigIgn' /proc/self/status; ulimit -n" });
    expect(stdout).toBe('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n1024\n');
  });

  test('inherits no descriptor of the daemon, and reads nothing from stdin', async () => {
    const { stdout } = await run({ command: 'ls /proc/$$/fd; readlink /proc/$$/fd/0' });
    expect(stdout).toBe('0\n1\n2\n/dev/null\n');
  });

  test('leads a session of its own', async () => {
    const { stdout, proc } = await run({ argv: ['/bin/cat', '/proc/self/stat'] });
    const [group, session] = stdout
      .slice(stdout.lastIndexOf(')') + 2)
      .split(' ')
      .slice(2, 4);
    expect([group, session]).toEqual([String(proc?.pid), String(proc?.pid)]);
  });

  test('gets exactly the base environment and what was asked for', async () => {
    const wanted = { UNICODE: 'ü😀', LINES_: 'a\nb', EMPTY: '', HOME: '/elsewhere' };
    const { stdout, exitCode } = await run({ argv: ['/usr/bin/env', '-0'], env: wanted });
    expect(exitCode).toBe('0');
    const found = Object.fromEntries(
      stdout
        .split('\0')
        .filter(Boolean)
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const { AURAE_INVOCATION_ID: invocation, AURAE_TEST_MARK: testMark, LANG: language, ...rest } = found;
    expect(invocation).toMatch(/^[0-9a-f-]{36}$/);
    expect(testMark).toBeDefined();
    expect(language).toBe(process.env['LANG']);
    const { username, shell } = userInfo();
    expect(rest).toEqual({ PATH: defaultPath, SHELL: shell, USER: username, LOGNAME: username, ...wanted });
  });

  test('starts in / or where it was told to', async () => {
    expect((await run({ argv: ['/bin/pwd'] })).stdout).toBe('/\n');
    expect((await run({ argv: ['/bin/pwd'], cwd: '/usr' })).stdout).toBe('/usr\n');
  });

  test('is looked up on the PATH of its own environment', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'some-program'), '#!/bin/sh\necho found\n', { mode: 0o755 });
    expect((await run({ command: 'some-program', env: { PATH: `/nowhere:${directory}` } })).stdout).toBe('found\n');
  });

  test('may be a script without a first line that names its interpreter', async () => {
    const script = join(temporaryDirectory(), 'script');
    writeFileSync(script, 'echo "$0" "$1"\n', { mode: 0o755 });
    expect((await run({ argv: [script, 'x y'] })).stdout).toBe(`${script} x y\n`);
  });

  test('may be 200 KB long, as plain words and as a script', async () => {
    const words = 'word '.repeat(40_000);
    expect((await run({ command: `/usr/bin/printf %s ${words}` })).stdout).toHaveLength(160_000);
    expect((await run({ command: `: ${words}; echo $0` })).stdout).toBe('/bin/sh\n');
  });
});

describe('a command that cannot run', () => {
  test.each([
    ['a missing program', { command: 'no-such-program' }, 'ENOENT', `no such program on PATH (${defaultPath})`],
    ['a missing file', { command: '/no/such/file' }, 'ENOENT', 'there is no such file'],
    ['a file that is not executable', { command: '/etc/passwd' }, 'EACCES', 'not an executable file'],
    ['a directory', { command: '/etc' }, 'EACCES', 'not an executable file'],
    ['a missing directory', { command: '/bin/true', cwd: '/nowhere' }, 'ENOENT', '"/nowhere" does not exist'],
    [
      'a file as directory',
      { command: '/bin/true', cwd: '/etc/passwd' },
      'ENOTDIR',
      '"/etc/passwd" is not a directory',
    ],
    ['an unknown user', { command: '/bin/true', user: 'no-such-user' }, 'ENOENT', 'no user or group "no-such-user"'],
    ['an argument that is too long', { argv: ['/bin/true', 'x'.repeat(200_000)] }, 'E2BIG', 'longest of them 200000'],
  ])('says why: %s', async (_, request, code, message) => {
    const status = await run(request);
    expect(status).toMatchObject({ status: STATUS_ERROR, errorCode: code, exitCode: '', proc: undefined });
    expect(status.failedStep).not.toBe(runtime.StartStep.START_STEP_UNSPECIFIED);
    expect(status.meta?.message).toContain(message);
  });

  test('says that the interpreter is missing', async () => {
    const script = join(temporaryDirectory(), 'script');
    writeFileSync(script, '#!/no/such/interpreter\n');
    chmodSync(script, 0o755);
    expect((await run({ argv: [script] })).meta?.message).toContain('interpreter');
  });

  test.each([
    ['an empty command', { command: '' }],
    ['a blank command', { command: ' \n\t' }],
    ['a NUL byte in the command', { command: 'ls \0' }],
    ['a NUL byte in an argument', { argv: ['ls', '\0'] }],
    ['an empty program', { argv: [''] }],
    ['a relative directory', { command: 'ls', cwd: 'tmp' }],
    ['an empty name of a variable', { command: 'ls', env: { '': 'x' } }],
    ['"=" in the name of a variable', { command: 'ls', env: { 'A=B': 'x' } }],
    ['a NUL byte in a variable', { command: 'ls', env: { A: 'x\0y' } }],
    ['a user of more than 256 bytes', { command: 'ls', user: 'u'.repeat(257) }],
  ])('is refused as invalid: %s', async (_, request) => {
    await expect(run(request)).rejects.toBeInstanceOf(InvalidSpecError);
  });
});

describe('a message', () => {
  const violationsOf = async (env: Record<string, string>) => {
    const error = await run({ command: 'ls', env }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(InvalidSpecError);
    return error as InvalidSpecError;
  };

  test.each([
    ['arguments', { argv: ['/bin/true', '--password=secret'] }],
    ['the rest of a command', { command: '/bin/true --password=secret' }],
    ['the value of an assignment', { command: 'PASSWORD=secret true' }],
  ])('does not tell %s', async (_, request) => {
    await using full = new ProcessRuntime({ maxLiveExecs: 1 });
    const controller = new AbortController();
    const first = exec(full, { command: 'sleep 1000' }, controller.signal);
    const { message } = (await exec(full, request).catch((error: unknown) => error)) as Error;
    controller.abort();
    await expect(first).rejects.toThrow();
    expect(message).toMatch(/^Cannot run "(\/bin\/true|PASSWORD=)": 1 commands run already/);
  });

  test('tells the name of a bad variable up to "="', async () => {
    const { message, violations } = await violationsOf({ 'PASSWORD=secret': 'x' });
    expect(message).toContain('the name "PASSWORD" contains "="');
    expect(JSON.stringify([message, violations])).not.toContain('secret');
  });

  test('about many bad variables with long names is short', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => [`${index}${'ü'.repeat(1000)}=`, ''] as const);
    const { violations } = await violationsOf(Object.fromEntries(names));
    expect(violations).toHaveLength(17);
    expect(violations.at(-1)).toEqual({ field: 'env', description: 'and 984 more' });
    for (const { field } of violations) expect(Buffer.byteLength(field)).toBeLessThanOrEqual(256);
  });
});

describe('output', () => {
  test('beyond the bound is dropped and counted', async () => {
    const before = process.memoryUsage().rss;
    const status = await run({ command: 'head -c 100000000 /dev/zero | tr "\\0" x' });
    expect(status).toMatchObject({ exitCode: '0', stdoutDroppedBytes: 100_000_000n - 1_048_576n });
    expect(status.stdout).toBe('x'.repeat(1_048_576));
    expect(status.meta?.message).toContain('stdout was cut: 98951424 bytes are missing');
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test('is bounded by the request too', async () => {
    const status = await run({ command: 'printf 12345; printf abc >&2', outputLimitBytes: 4 });
    expect(status).toMatchObject({ stdout: '1234', stderr: 'abc', stdoutDroppedBytes: 1n, stderrDroppedBytes: 0n });
  });

  test('that is not UTF-8 becomes U+FFFD, or comes as bytes when asked for', async () => {
    const command = "printf 'a\\377b\\000'";
    expect((await run({ command })).stdout).toBe('a\uFFFDb\0');
    const binary = await run({ command, binaryOutput: true });
    expect(binary.stdoutBytes).toEqual(Buffer.from([0x61, 0xff, 0x62, 0]));
    expect(binary.stdout).toBe('');
  });
});

test('a shortage of descriptors is told, and leaves nothing behind', async () => {
  const descriptors: number[] = [];
  try {
    for (;;) descriptors.push(openSync('/dev/null', 'r'));
  } catch {
    // No more of them.
  }
  // One pipe fits, the second does not.
  for (const descriptor of descriptors.splice(-3)) closeSync(descriptor);
  const refusal = run({ command: '/bin/true' }).catch((error: unknown) => error);
  const error = await refusal;
  for (const descriptor of descriptors) closeSync(descriptor);
  expect(error).toBeInstanceOf(ResourceExhaustedError);
  expect((error as Error).message).toContain('EMFILE');
});

test('1,000 commands run at a time', async () => {
  const codes = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const status = await run({ argv: ['/bin/sh', '-c', `echo ${index}; exit ${index % 200}`] });
      return status.stdout === `${index}\n` && status.exitCode === String(index % 200);
    }),
  );
  expect(codes).toHaveLength(1000);
  expect(codes.every(Boolean)).toBe(true);
});
