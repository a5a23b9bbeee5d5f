import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, InvalidSpecError, meta, runtime } from '@aurae/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestRoot, untilAborted } from '../../client/test/support/test-daemon.js';
import { AttachPeer } from './support/attach-peer.js';
import { resultOf, runCli, runShell, startCli } from './support/run-cli.js';
import { Signalled } from './support/signalled.js';

type Context = Parameters<typeof untilAborted>[0];
type Exec = runtime.Runtime<Context>['exec'];

let root: TestRoot;
let serve: Exec = () => Promise.reject(new Error('no test serves this'));
let lastRequest: runtime.Executable | undefined;
let lastOpen: runtime.AttachOpen | undefined;

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    runtime: {
      exec: (context, request) => {
        lastRequest = request;
        return serve(context, request);
      },
      attach: (context, requests) => execAsAttach(context, requests),
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());

/** A conversation with what `serve` answers, as a new command without input has it. */
async function* execAsAttach(
  context: Context,
  requests: AsyncIterable<runtime.AttachRequest>,
): AsyncGenerator<runtime.AttachResponse> {
  const { value } = (await requests[Symbol.asyncIterator]().next()) as IteratorResult<runtime.AttachRequest, undefined>;
  lastOpen = value?.input?.$case === 'open' ? value.input.value : undefined;
  if (lastOpen?.target?.$case !== 'executable') throw new Error('The conversation is not about a command');
  lastRequest = lastOpen.target.value;
  const { stdout, stdoutBytes, stderrBytes, ...status } = await serve(context, lastRequest);
  yield { output: { $case: 'started', value: { proc: { pid: 4711 } } } };
  for (const piece of piecesOf(Buffer.concat([Buffer.from(stdout), stdoutBytes]))) {
    yield { output: { $case: 'stdout', value: piece } };
  }
  if (stderrBytes.length > 0) yield { output: { $case: 'stderr', value: Buffer.from(stderrBytes) } };
  yield { output: { $case: 'ended', value: runtime.ExecutableStatus.fromPartial(status) } };
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** What the daemon is to answer with. */
function answer(partial: runtime.DeepPartial<runtime.ExecutableStatus>): void {
  const status = { status: meta.Status.STATUS_COMPLETE, exitCode: '0', ...partial };
  serve = async () => runtime.ExecutableStatus.fromPartial(status);
}

function exec(...args: string[]) {
  return runCli(['--root', root.dir, 'exec', ...args]);
}

describe('the request', () => {
  test('carries the exact arguments, and a command that a shell reads back', async () => {
    answer({});
    await exec('--', 'echo', 'a b', "it's", '', '$HOME', '--output', '--', '-x');
    expect(lastRequest).toMatchObject({
      argv: ['echo', 'a b', "it's", '', '$HOME', '--output', '--', '-x'],
      command: "echo 'a b' 'it'\\''s' '' '$HOME' --output -- -x",
    });
    expect(lastOpen).toMatchObject({ stdin: false, terminal: undefined });
  });

  test('needs no "--" before a program without flags of its own in front', async () => {
    answer({});
    expect(await exec('ls', '-l', '--timeout', 'x')).toMatchObject({ code: 0, stderr: '' });
    expect(lastRequest?.argv).toEqual(['ls', '-l', '--timeout', 'x']);
  });

  test('with one argument of shell syntax is not for a shell', async () => {
    answer({});
    await exec('--', 'echo a | wc');
    expect(lastRequest).toMatchObject({ argv: ['echo a | wc'], command: "'echo a | wc'" });
  });

  test('with --command is for a shell', async () => {
    answer({});
    await exec('--command', 'echo a | wc');
    expect(lastRequest).toMatchObject({ argv: [], command: 'echo a | wc' });
  });

  test('carries environment, directory, user and time limit', async () => {
    answer({});
    const variables = { OWN: 'mine' };
    const flags = [
      '--env',
      'A=1=2',
      '-e',
      'OWN',
      '--env=ABSENT',
      '--cwd',
      '/srv',
      '--user',
      'nobody',
      '--timeout',
      '1.5s',
    ];
    await runCli(['exec', '--root', root.dir, ...flags, '--', 'true'], variables);
    expect(lastRequest).toMatchObject({ env: { A: '1=2', OWN: 'mine' }, cwd: '/srv', user: 'nobody', timeoutMs: 1500 });
    await exec('-w', '/usr', '-u', '1000:1000', '--', 'true');
    expect(lastRequest).toMatchObject({ cwd: '/usr', user: '1000:1000' });
  });
});

describe('the exit code', () => {
  test.each([
    ['the command succeeds', { exitCode: '0' }, 0],
    ['the command fails', { exitCode: '3' }, 3],
    ['a signal ends it', { exitCode: '137', signal: 9 }, 137],
    ['a signal ends it and only that is told', { exitCode: '', signal: 15 }, 143],
  ])('when %s', async (_name, status, code) => {
    answer(status);
    expect(await exec('--', 'x')).toMatchObject({ code, stdout: '', stderr: '' });
  });

  const { START_STEP_PROGRAM, START_STEP_DIRECTORY, START_STEP_UNSPECIFIED } = runtime.StartStep;
  test.each([
    ['ENOENT', START_STEP_PROGRAM, 127],
    ['EACCES', START_STEP_PROGRAM, 126],
    ['ENOEXEC', START_STEP_PROGRAM, 126],
    ['EMFILE', START_STEP_PROGRAM, 125],
    ['ENOENT', START_STEP_DIRECTORY, 125],
    ['EACCES', START_STEP_DIRECTORY, 125],
    ['', START_STEP_UNSPECIFIED, 125],
  ])('when the command could not run: %s of step %i', async (errorCode, failedStep, code) => {
    const message = 'Cannot run "x": for some reason';
    answer({ status: meta.Status.STATUS_ERROR, errorCode, failedStep, exitCode: '', meta: { message } });
    expect(await exec('--', 'x')).toMatchObject({ code, stdout: '', stderr: `aurae: ${message}\n` });
  });

  test('when nobody knows it', async () => {
    answer({ status: meta.Status.STATUS_UNKNOWN, exitCode: '' });
    expect(await exec('--', 'x')).toMatchObject({
      code: 125,
      stderr: 'aurae: auraed does not know how the command ended\n',
    });
  });

  test('when the time limit ended it: 124, with what was captured', async () => {
    answer({
      exitCode: '143',
      signal: 15,
      stdoutBytes: Buffer.from('half'),
      termination: runtime.Termination.TERMINATION_TIMEOUT,
    });
    expect(await exec('--timeout', '5s', '--', 'x')).toMatchObject({
      code: 124,
      stdout: 'half',
      stderr: 'aurae: the command was ended after 5s (--timeout)\n',
    });
  });

  test.each([
    [
      ['--timeout', '5 parsecs', '--', 'x'],
      "option '--timeout <duration>' argument '5 parsecs' is invalid. Allowed are durations such as 500ms, 5s, 2m, 1h or 7d",
    ],
    [['--timeout', '0', '--', 'x'], 'is invalid. Allowed are durations'],
    [['--cwd', 'srv', '--', 'x'], "option '-w, --cwd <dir>' argument 'srv' is invalid. Allowed are absolute paths"],
    [['--user', '', '--', 'x'], "option '-u, --user <name>' argument '' is invalid. It must not be empty."],
    [['--user=', '--', 'x'], "option '-u, --user <name>' argument '' is invalid. It must not be empty."],
    [['--cwd', '', '--', 'x'], "option '-w, --cwd <dir>' argument '' is invalid."],
    [['--env', '=x', '--', 'x'], 'option --env "=x" names no variable: write NAME=VALUE or NAME'],
    [['--timeuot', '5s', '--', 'x'], 'unknown option \'--timeuot\' (Did you mean --timeout?): see "aurae exec --help"'],
    [['--output', 'xml', '--', 'x'], "option '--output <format>' argument 'xml' is invalid"],
    [['--command', 'a', '--', 'x'], 'give either --command STRING or a program with arguments, not both'],
    [['--command', ''], 'option --command is empty'],
    [[], 'no command was given: try "aurae exec -- uname -a"'],
  ])('of a wrong command line is 125: %j', async (args, message) => {
    const result = await exec(...args);
    expect(result).toMatchObject({ code: 125, stdout: '' });
    expect(result.stderr).toMatch(/^aurae: .*\n$/);
    expect(result.stderr).toContain(message);
  });

  test('without a daemon is 125', async () => {
    const result = await runCli(['exec', '--root', '/nonexistent', '--', 'x']);
    expect(result).toMatchObject({ code: 125, stdout: '' });
    expect(result.stderr).toMatch(/^aurae: No auraed answers on ".*": start it with "auraed".*\n$/);
  });

  test('of a refusal is 125', async () => {
    serve = () =>
      Promise.reject(new InvalidSpecError('Cannot run "x": no such user', [{ field: 'user', description: 'unknown' }]));
    expect(await exec('--', 'x')).toMatchObject({
      code: 125,
      stderr: 'aurae: Cannot run "x": no such user; user: unknown\n',
    });
  });
});

describe('output', () => {
  test('arrives byte by byte as it was written', async () => {
    const bytes = Buffer.concat([Buffer.from([0, 0xff, 0xfe, 0x0a, 0x80]), randomBytes(1000)]);
    answer({ stdoutBytes: bytes, stderrBytes: Buffer.from('warning\n') });
    const result = await exec('--', 'x');
    expect(result.stdoutBytes.equals(bytes)).toBe(true);
    expect(result.stderr).toBe('warning\n');
  });

  test('is shown as it is written, and what was shown stays when Ctrl-C ends the command', async () => {
    const peer = new AttachPeer();
    await using live = await TestRoot.make();
    await live.serve({ runtime: { attach: peer.attach } });
    const child = startCli(['--root', live.dir, 'exec', '--', 'x']);
    peer.started().writes('one\n').writes('careful\n', 'stderr');
    const ended = once(child, 'close');
    expect(String(await once(child.stdout, 'data'))).toBe('one\n');
    expect(String(await once(child.stderr, 'data'))).toBe('careful\n');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(130);
    expect(await peer.cancelled.promise).toBeInstanceOf(CancelledError);
  });

  test('reaches a slow reader whole', async () => {
    const bytes = randomBytes(1_000_000);
    answer({ stdoutBytes: bytes, exitCode: '3' });
    const child = startCli(['exec', '--root', root.dir, '--', 'x']);
    const chunks: Buffer[] = [];
    const closed = once(child, 'close');
    child.stdout.on('readable', () => {
      // Small sips, each in a turn of its own, keep the pipe full.
      const sip = () => {
        const chunk = child.stdout.read(Math.min(4096, child.stdout.readableLength || 1)) as Buffer | null;
        if (chunk) {
          chunks.push(chunk);
          setImmediate(sip);
        }
      };
      sip();
    });
    expect((await closed)[0]).toBe(3);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('that nobody reads any more ends it quietly with 141', async () => {
    answer({ stdoutBytes: randomBytes(1_000_000), exitCode: '3' });
    expect(
      await runShell('{ aurae exec -- x; echo $? >&2; } | head -c 1 >/dev/null', { AURAE_ROOT: root.dir }),
    ).toMatchObject({ stderr: '141\n' });
  });

  test('of more than auraed captures arrives whole', async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    answer({ stdoutBytes: bytes });
    const result = await exec('--', 'x');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdoutBytes.equals(bytes)).toBe(true);
  });

  test('that cannot be written is 125, in one line', async () => {
    answer({ stdout: 'text\n' });
    expect(await runShell('aurae exec -- x >/dev/full', { AURAE_ROOT: root.dir })).toMatchObject({
      code: 125,
      stderr: 'aurae: Cannot write the output: no space left on device\n',
    });
  });

  test('is followed by what auraed tells of an end that nothing else tells of', async () => {
    const message = '1 background process was ended with the command: \u001b[31m.';
    answer({ stdout: 'done\n', meta: { message } });
    expect(await exec('--', 'x')).toMatchObject({
      stdout: 'done\n',
      stderr: 'aurae: note: 1 background process was ended with the command: \\x1b[31m.\n',
    });
    answer({ exitCode: '137', signal: 9, meta: { message: 'Ended by SIGKILL.' } });
    expect(await exec('--', 'x')).toMatchObject({ code: 137, stderr: '' });
  });

  test('as JSON is the whole answer, with the exit code of the command', async () => {
    answer({ stdout: 'héllo\n', exitCode: '3', proc: { pid: 42 } });
    const result = await exec('--output', 'json', '--', 'x');
    expect(result).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({
      status: 'STATUS_COMPLETE',
      exitCode: '3',
      stdout: 'héllo\n',
      stderr: '',
      proc: { pid: 42 },
    });
    expect(lastRequest?.binaryOutput).toBe(false);
  });

  test('as JSON tells of errors as JSON', async () => {
    const result = await runCli(['--output', 'json', 'exec', '--root', '/nonexistent', '--', 'x']);
    expect(result).toMatchObject({ code: 125, stdout: '' });
    expect(JSON.parse(result.stderr)).toEqual({
      error: { reason: 'UNAVAILABLE', message: expect.stringContaining('No auraed answers') },
    });
    expect(JSON.parse((await exec('--output=json', '--nonsense')).stderr)).toEqual({
      error: { reason: 'USAGE', message: 'unknown option \'--nonsense\': see "aurae exec --help"' },
    });
  });
});

describe('standard input', () => {
  const note =
    'aurae: note: the command saw nothing of standard input: -i passes it on; "</dev/null" says that this is meant\n';
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'aurae-stdin-'));
    execFileSync('mkfifo', [join(dir, 'fifo')]);
    writeFileSync(join(dir, 'file'), 'hi\n');
    writeFileSync(join(dir, 'empty'), '');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each([
    // What one write brought is there as a whole once its first line is.
    ['in a pipe', "printf 'first\nsecond\n' | { read -r _; aurae exec -- x; cat; }", note, 'second\n'],
    [
      'in a pipe that stays open',
      'exec 3<>fifo; echo hi >&3; aurae exec -- x <&3; read -r a <&3; echo $a',
      note,
      'hi\n',
    ],
    [
      'in a pipe that was closed',
      'exec 3<>fifo 4<fifo; echo hi >&3; exec 3>&-; aurae exec -- x <&4; cat <&4',
      note,
      'hi\n',
    ],
    ['in a file', 'aurae exec -- x <file', note],
    ['read to its end', '{ cat >/dev/null; aurae exec -- x; } <file', ''],
    ['in an empty file', 'aurae exec -- x <empty', ''],
    ['from nothing', 'aurae exec -- x </dev/null', ''],
    ['closed', 'aurae exec -- x <&-', ''],
    ['in an empty pipe that stays open', 'exec 3<>fifo; aurae exec -- x <&3', ''],
    ['in an empty pipe that was closed', 'exec 3<>fifo 4<fifo; exec 3>&-; aurae exec -- x <&4', ''],
  ])('%s', async (_name, line, stderr, rest = '') => {
    answer({ stdout: 'done\n', exitCode: '0' });
    const result = await runShell(`cd '${dir}' || exit; ${line}`, { AURAE_ROOT: root.dir });
    expect(result).toMatchObject({ code: 0, stdout: `done\n${rest}`, stderr });
  });
});

describe('an interruption', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s cancels the call and ends with %i', async (signal, code) => {
    const started = new Signalled();
    const cancelled = new Signalled<unknown>();
    serve = async (context) => {
      started.announce();
      return await untilAborted(context).catch((error: unknown) => {
        cancelled.announce(error);
        throw error;
      });
    };
    const child = startCli(['exec', '--root', root.dir, '--', 'sleep', '1000']);
    const result = resultOf(child);
    await started.promise;
    child.kill(signal);
    expect(await result).toMatchObject({ code, stdout: '', stderr: '' });
    expect(await cancelled.promise).toBeInstanceOf(CancelledError);
  });

  test('ends a command whose output nobody takes', async () => {
    answer({ stdoutBytes: randomBytes(1_000_000) });
    const child = startCli(['exec', '--root', root.dir, '--', 'x']);
    await once(child.stdout, 'readable');
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    child.stdout.destroy();
    expect(code).toBe(130);
  });
});
