import { meta, runtime } from '@aurae/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stateOf } from '../src/commands/executable-state.js';
import { formatExecutables } from '../src/commands/format-executables.js';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { runCli } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

const nowMs = Date.UTC(2026, 0, 2);
const ago = (ms: number) => BigInt(nowMs - ms);
const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY, STATUS_PASSIVE, STATUS_UNKNOWN } = meta.Status;

const executables = [
  {
    meta: { name: 'web' },
    status: STATUS_ACTIVE,
    proc: { pid: 4711 },
    startedAtMs: ago(185_000),
    restarts: 2,
    executable: { argv: ['python3', '-m', 'http.server'], command: 'python3 -m http.server 8080' },
  },
  {
    meta: { name: 'job' },
    status: STATUS_COMPLETE,
    proc: { pid: 4712 },
    exitCode: '1',
    endedAtMs: ago(120_000),
    executable: { argv: ['sh', '-c', 'echo \u001b[31m'] },
  },
].map((partial) => runtime.ExecutableStatus.fromPartial(partial));

let root: TestRoot;
let served = executables;
let lastRequest: runtime.WorkloadListRequest | undefined;

beforeAll(async () => {
  root = await TestRoot.make();
  await root.serve({
    runtime: {
      executableList: async (_context, request) => {
        lastRequest = request;
        return runtime.ExecutableListResponse.fromPartial({ executables: served });
      },
    },
  });
});
afterAll(() => root[Symbol.asyncDispose]());

function ps(...args: string[]) {
  return runCli(['--root', root.dir, 'ps', ...args]);
}

test.each<[string, runtime.DeepPartial<runtime.ExecutableStatus>]>([
  ['up 3m', { status: STATUS_ACTIVE, startedAtMs: ago(180_000) }],
  ['up', { status: STATUS_ACTIVE }],
  ['exited (0) 2m ago', { status: STATUS_COMPLETE, exitCode: '0', endedAtMs: ago(120_000) }],
  ['exited (1)', { status: STATUS_COMPLETE, exitCode: '1' }],
  ['killed (TERM) 1h ago', { status: STATUS_COMPLETE, exitCode: '143', signal: 15, endedAtMs: ago(3_600_000) }],
  ['out of memory 5s ago', { status: STATUS_COMPLETE, signal: 9, outOfMemory: true, endedAtMs: ago(5000) }],
  ['restarting in 5s', { status: STATUS_STANDBY, nextStartAtMs: ago(-5000) }],
  ['waiting', { status: STATUS_STANDBY }],
  ['failed: exited (3) 1m ago', { status: STATUS_ERROR, exitCode: '3', endedAtMs: ago(60_000) }],
  ['failed', { status: STATUS_ERROR }],
  ['disabled', { status: STATUS_PASSIVE }],
  ['unknown', { status: STATUS_UNKNOWN }],
  // The clock of the daemon's machine is ahead.
  ['up 0s', { status: STATUS_ACTIVE, startedAtMs: ago(-5000) }],
])('a state reads "%s"', (text, status) => {
  expect(stateOf(runtime.ExecutableStatus.fromPartial(status), nowMs).text).toBe(text);
});

test('the table has a line for each, with controls escaped', () => {
  expect(formatExecutables(executables, { paint: (_style, text) => text, nowMs }).split('\n')).toEqual([
    'NAME  STATUS             PID   RESTARTS  COMMAND',
    'web   up 3m 5s           4711  2         python3 -m http.server 8080',
    "job   exited (1) 2m ago  -     0         sh -c 'echo \\x1b[31m'",
  ]);
});

test('on a terminal the command is cut to its width', () => {
  const lines = formatExecutables(executables, { paint: (_style, text) => text, nowMs, width: 63 }).split('\n');
  expect(lines[1]).toBe('web   up 3m 5s           4711  2         python3 -m http.serve…');
  expect(lines[1]).toHaveLength(63);
});

test('on a terminal a long name is cut so that the command has room', () => {
  const named = executables.map((status) => ({ ...status, meta: { ...status.meta, name: 'n'.repeat(128) } }));
  const view = { paint: (_style: unknown, text: string) => text, nowMs };
  const lines = formatExecutables(runtime.ExecutableListResponse.fromPartial({ executables: named }).executables, {
    ...view,
    width: 80,
  }).split('\n');
  expect(lines[1]).toMatch(/^n{22}…  up 3m 5s /);
  expect(lines[1]).toHaveLength(80);
  const whole = runtime.ExecutableListResponse.fromPartial({ executables: named }).executables;
  expect(formatExecutables(whole, view)).toContain('n'.repeat(128));
});

describe('aurae ps', () => {
  test('shows what runs; -a what has ended, too', async () => {
    const { code, stdout, stderr } = await ps();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^NAME .*\nweb .*\njob .*\n$/);
    expect(lastRequest?.all).toBe(false);
    await ps('-a');
    expect(lastRequest?.all).toBe(true);
  });

  test('-q shows names alone', async () => {
    expect(await ps('-q')).toMatchObject({ code: 0, stdout: 'web\njob\n', stderr: '' });
  });

  test('as JSON is the answer of the API', async () => {
    const { stdout } = await ps('--output', 'json');
    expect(runtime.ExecutableListResponse.fromJSON(JSON.parse(stdout)).executables).toEqual(executables);
  });

  test('has colours and cuts commands on a terminal', async () => {
    await using terminal = Terminal.run(['--root', root.dir, 'ps']);
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain('\u001b[32mup ');
  });

  test('with nothing to show says how to start something', async () => {
    served = [];
    try {
      expect(await ps()).toMatchObject({
        code: 0,
        stdout: '',
        stderr:
          'Nothing runs: "aurae start --name web -- CMD" starts an executable, "aurae ps -a" shows those that have ended.\n',
      });
      expect((await ps('-a')).stderr).toBe(
        'Nothing runs or ran: "aurae start --name web -- CMD" starts an executable.\n',
      );
      expect(await ps('-q')).toMatchObject({ stdout: '', stderr: '' });
      expect(await ps('--output', 'json')).toMatchObject({ stdout: '{"executables":[]}\n', stderr: '' });
    } finally {
      served = executables;
    }
  });
});
