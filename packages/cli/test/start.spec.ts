import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlreadyExistsError, meta, runtime } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

let root: TestRoot;
let lastRequest: runtime.Executable | undefined;
let serve: (request: runtime.Executable) => Promise<runtime.ExecutableStatus>;

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    runtime: {
      executableStart: (_context, request) => {
        lastRequest = request;
        return serve(request);
      },
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());

function answer(partial: runtime.DeepPartial<runtime.ExecutableStatus>): void {
  serve = async ({ meta: requestMeta }) =>
    runtime.ExecutableStatus.fromPartial({
      meta: { name: requestMeta?.name ?? '' },
      status: meta.Status.STATUS_ACTIVE,
      proc: { pid: 123 },
      ...partial,
    });
}

function start(...args: string[]) {
  return runCli(['--root', root.dir, 'start', ...args], { OWN: 'mine' });
}

test('tells the name and the pid of what it started', async () => {
  answer({});
  expect(await start('--name', 'web', '--', 'python3', '-m', 'http.server')).toMatchObject({
    code: 0,
    stdout: 'Started web (pid 123)\n',
    stderr: '',
  });
  expect(lastRequest).toEqual(
    runtime.Executable.fromPartial({
      meta: { name: 'web' },
      argv: ['python3', '-m', 'http.server'],
      command: 'python3 -m http.server',
    }),
  );
});

test('every option is in the request', async () => {
  answer({});
  const dir = mkdtempSync(join(tmpdir(), 'aurae-start-'));
  try {
    const file = join(dir, 'x.env');
    writeFileSync(file, '# comment\nFILE=1\nA=file\n');
    await start(
      ...['--name', 'web', '--env', 'A=1', '-e', 'OWN', '--env-from', file, '--cwd', '/srv', '--user', 'nobody'],
      ...['--limit-memory', '256M', '--limit-cpu', '0.5', '--limit-pids', '100'],
      ...['--ulimit', 'nofile=1024:4096', '--ulimit', 'core=0', '--umask', '027'],
      ...['--stop-signal', 'sigquit', '--stop-timeout', '30s', '--restart', 'on-failure:5'],
      ...['-t', '-i', '--comment', 'the shop', '--', './web', '--name', 'x'],
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
  expect(lastRequest).toEqual(
    runtime.Executable.fromPartial({
      meta: { name: 'web' },
      argv: ['./web', '--name', 'x'],
      command: './web --name x',
      comment: 'the shop',
      env: { FILE: '1', A: '1', OWN: 'mine' },
      cwd: '/srv',
      user: 'nobody',
      limits: { memoryBytes: 268_435_456n, cpuMillis: 500, pids: 100 },
      processLimits: [
        { name: 'nofile', soft: 1024n, hard: 4096n },
        { name: 'core', soft: 0n, hard: 0n },
      ],
      umask: '027',
      stopSignal: 'QUIT',
      stopGracePeriodMs: 30_000,
      restart: { mode: runtime.RestartMode.RESTART_MODE_ON_FAILURE, maxRestarts: 5 },
      terminal: { rows: 24, columns: 80 },
      stdin: true,
    }),
  );
});

test('-w and -u are directory and user', async () => {
  answer({});
  await start('-w', '/srv', '-u', 'nobody', '--', 'x');
  expect(lastRequest).toMatchObject({ cwd: '/srv', user: 'nobody' });
});

test('its help tells of the restart policy, the directory and the quotes of --env-from', async () => {
  const text = (await runCli(['start', '--help'])).stdout.replace(/\s+/g, ' ');
  for (const fact of [
    '100 ms to 1 minute',
    'run of 10 s',
    'nothing after a boot',
    'start in "/"',
    'quotes become part',
  ]) {
    expect(text).toContain(fact);
  }
});

test('without --name it is called as its program', async () => {
  answer({});
  expect((await start('--', '/usr/local/bin/worker', '-v')).stdout).toBe('Started worker (pid 123)\n');
});

test('a terminal is as large as the one that it was started from', async () => {
  answer({});
  await using terminal = Terminal.run(['--root', root.dir, 'start', '-t', '--', 'top']);
  expect(await terminal.exited).toBe(0);
  expect(lastRequest?.terminal).toEqual({ rows: 30, columns: 100 });
});

test('as JSON is the status', async () => {
  answer({});
  const { stdout } = await start('--output', 'json', '--', 'web');
  expect(JSON.parse(stdout)).toEqual({ meta: { name: 'web' }, proc: { pid: 123 }, status: 'STATUS_ACTIVE' });
});

const { START_STEP_PROGRAM, START_STEP_DIRECTORY } = runtime.StartStep;
test.each([
  ['ENOENT', START_STEP_PROGRAM, 127],
  ['EACCES', START_STEP_PROGRAM, 126],
  ['ENOENT', START_STEP_DIRECTORY, 125],
])('what could not run ends as exec does: %s of step %i', async (errorCode, failedStep, code) => {
  const message = 'Cannot start "web": for some reason';
  answer({ status: meta.Status.STATUS_ERROR, errorCode, failedStep, meta: { message } });
  expect(await start('--', 'web')).toMatchObject({ code, stdout: '', stderr: `aurae: ${message}\n` });
  expect(await start('--output', 'json', '--', 'web')).toMatchObject({
    code,
    stdout: expect.stringContaining('STATUS_ERROR'),
  });
});

test('a refusal is 125, and a name that is taken names the option', async () => {
  serve = () => Promise.reject(new AlreadyExistsError('Cannot start "web": it runs already'));
  expect(await start('--', 'web')).toMatchObject({
    code: 125,
    stderr: 'aurae: Cannot start "web": it runs already (--name NAME)\n',
  });
  const { stderr } = await start('--output', 'json', '--', 'web');
  expect(JSON.parse(stderr)).toEqual({
    error: { reason: 'ALREADY_EXISTS', message: 'Cannot start "web": it runs already' },
  });
});

test.each([
  [[], 'no command was given: try "aurae start --name web -- CMD"'],
  [['--', '/'], '"/" does not do as a name: give --name NAME'],
  [['-c', 'a | b'], 'a shell command has no name of its own: give --name NAME'],
  [['--name', '', '--', 'x'], "argument '' is invalid. It must not be empty."],
  [['--limit-memory', '5X', '--', 'x'], "argument '5X' is invalid. Allowed are 256M, 1.5G, 512Ki or 1048576;"],
  [['--limit-cpu', '0', '--', 'x'], "argument '0' is invalid. Allowed are 0.5, 2 or 500m"],
  [['--limit-pids', '0', '--', 'x'], "argument '0' is invalid. Allowed are whole numbers from 1 up."],
  [['--ulimit', 'nofile', '--', 'x'], "argument 'nofile' is invalid. Allowed are nofile=1024,"],
  [['--umask', '8', '--', 'x'], "argument '8' is invalid. Allowed are octal numbers from 0 to 0777."],
  [['--stop-signal', 'NOSUCH', '--', 'x'], 'is invalid. Allowed are names and numbers of signal(7)'],
  [['--restart', 'sometimes', '--', 'x'], "argument 'sometimes' is invalid. Allowed are never (or no), on-failure"],
  [
    ['--env-from', '/nonexistent', '--', 'x'],
    'cannot read the --env-from file "/nonexistent": no such file or directory',
  ],
])('a wrong command line is 125: %j', async (args, message) => {
  lastRequest = undefined;
  const { code, stdout, stderr } = await start(...args);
  expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
  expect(stderr).toContain(message);
  expect(lastRequest).toBeUndefined();
});
