import { meta, runtime, schedule } from '@aurae/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { formatSchedule, summaryOf } from '../src/commands/format-schedule.js';
import type { ScheduledItem } from '../src/schedule/scheduled-item.js';
import { keyOfSpec, type WorkloadSpec } from '../src/schedule/workload-key.js';
import { workloadState } from '../src/schedule/workload-state.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli } from './support/run-cli.js';
import { Terminal } from './support/terminal.js';

const nowMs = Date.UTC(2026, 0, 2);
const ago = (ms: number) => BigInt(nowMs - ms);
const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY, STATUS_PASSIVE, STATUS_UNKNOWN } = meta.Status;
const exited = (exitCode: string, endedAtMs = 0n) => ({ exitCode, endedAtMs });
const onTimer: runtime.DeepPartial<runtime.Executable> = { criteria: { timer: {} } };

function item(
  name: string,
  state: runtime.DeepPartial<schedule.ScheduledWorkload>,
  rest: runtime.DeepPartial<runtime.Executable> = {},
): ScheduledItem {
  const value = runtime.Executable.fromPartial({ meta: { name }, command: `/usr/bin/${name} --serve 8080`, ...rest });
  const spec: WorkloadSpec = { $case: 'executable', value };
  return { key: keyOfSpec(spec), state: schedule.ScheduledWorkload.fromPartial(state), spec };
}

test.each<[string, string, runtime.DeepPartial<schedule.ScheduledWorkload>, runtime.DeepPartial<runtime.Executable>?]>([
  ['well', 'up 3m', { status: STATUS_ACTIVE, ready: true, startedAtMs: ago(180_000) }],
  ['waiting', 'not ready 5s', { status: STATUS_ACTIVE, startedAtMs: ago(5000) }],
  [
    'waiting',
    'waits for db, container/cache',
    {
      status: STATUS_STANDBY,
      waitingFor: [
        { kind: 1, name: 'db' },
        { kind: 2, name: 'cache' },
      ],
    },
  ],
  ['well', 'next in 3h', { status: STATUS_STANDBY, nextStartAtMs: ago(-10_800_000) }, onTimer],
  ['failed', 'next in 3h', { status: STATUS_STANDBY, nextStartAtMs: ago(-10_800_000), lastExit: exited('1') }, onTimer],
  ['waiting', 'restarting in 4s', { status: STATUS_STANDBY, nextStartAtMs: ago(-4000) }],
  ['waiting', 'in a queue', { status: STATUS_STANDBY, message: 'in a queue' }],
  ['failed', 'failed: exited (1) 3m ago', { status: STATUS_ERROR, lastExit: exited('1', ago(180_000)) }],
  ['failed', 'failed: no program', { status: STATUS_ERROR, message: 'no program' }],
  [
    'failed',
    'failed: did not become ready within 5 s',
    {
      status: STATUS_ERROR,
      message: '5 restarts in a row did not help; it last did not become ready within 5 s',
      lastExit: { signal: 15, stopped: true },
    },
  ],
  [
    'failed',
    'failed: exited (4) 3m ago',
    { status: STATUS_ERROR, message: 'it exited with 4', lastExit: exited('4', ago(180_000)) },
  ],
  ['failed', 'failed: could not be started: no', { status: STATUS_ERROR, message: 'it could not be started: no' }],
  [
    'waiting',
    'restarting in 4s',
    { status: STATUS_STANDBY, nextStartAtMs: ago(-4000), message: 'restarted by its policy: it exited with 1' },
    onTimer,
  ],
  [
    'done',
    'done 5m ago',
    { status: STATUS_COMPLETE, lastExit: { signal: 15, stopped: true, endedAtMs: ago(300_000) } },
  ],
  [
    'well',
    'next in 3h',
    {
      status: STATUS_STANDBY,
      message: 'waits for its timer',
      nextStartAtMs: ago(-10_800_000),
      lastExit: { signal: 15, stopped: true },
    },
    onTimer,
  ],
  ['done', 'done 5m ago', { status: STATUS_COMPLETE, lastExit: exited('0', ago(300_000)) }],
  ['failed', 'exited (2) 5m ago', { status: STATUS_COMPLETE, lastExit: exited('2', ago(300_000)) }],
  ['failed', 'out of memory', { status: STATUS_COMPLETE, lastExit: { exitCode: '137', outOfMemory: true } }],
  [
    'done',
    'stopped by hand',
    { status: STATUS_COMPLETE, message: 'stopped by hand; it stays down', lastExit: { signal: 15 } },
  ],
  ['disabled', 'disabled', { status: STATUS_PASSIVE }],
  ['failed', 'unknown', { status: STATUS_UNKNOWN }],
])('%s reads "%s"', (wellness, text, state, rest) => {
  expect(workloadState(item('web', state, rest), nowMs)).toEqual({ wellness, text });
});

const items = [
  item('api', { status: STATUS_STANDBY, waitingFor: [{ kind: 1, name: 'db' }] }),
  item(
    'backup',
    { status: STATUS_STANDBY, nextStartAtMs: ago(-11_000_000), lastExit: exited('0', ago(600_000)) },
    onTimer,
  ),
  item('old', { status: STATUS_PASSIVE }),
  item('web', { status: STATUS_ACTIVE, ready: true, proc: { pid: 4712 }, startedAtMs: ago(185_000) }),
  item('worker', { status: STATUS_ERROR, restarts: 5, lastExit: exited('1', ago(180_000)) }),
];
const paint = (_style: unknown, text: string) => text;

test('what was stopped has not failed, in the column of exits, too', () => {
  const stopped = item('web', {
    status: STATUS_PASSIVE,
    lastExit: { signal: 15, stopped: true, endedAtMs: ago(60_000) },
  });
  expect(formatSchedule([stopped], { paint, nowMs })).toMatch(/disabled .* stopped 1m ago /);
});

test('the table has a line for each, with a mark of how it is', () => {
  expect(formatSchedule(items, { paint, nowMs }).split('\n')).toEqual([
    '   NAME    STATE                      PID   RESTARTS  LAST EXIT           NEXT START  WHAT',
    '◐  api     waits for db               -     0         -                   -           /usr/bin/api --serve 8080',
    '●  backup  next in 3h 3m              -     0         exited (0) 10m ago  in 3h 3m    /usr/bin/backup --serve 8080',
    '○  old     disabled                   -     0         -                   -           /usr/bin/old --serve 8080',
    '●  web     up 3m 5s                   4712  0         -                   -           /usr/bin/web --serve 8080',
    '✗  worker  failed: exited (1) 3m ago  -     5         exited (1) 3m ago   -           /usr/bin/worker --serve 8080',
  ]);
  expect(summaryOf(items, nowMs)).toBe('2 well, 1 waiting, 1 failed, 1 disabled');
});

test.each([40, 60, 80, 100, 132])('on a terminal of %i columns each line fits', (width) => {
  const long = [...items, item('n'.repeat(128), { status: STATUS_ERROR, message: 'x'.repeat(300) })];
  for (const list of [items, long]) {
    const lines = formatSchedule(list, { paint, nowMs, width }).split('\n');
    expect(lines).toHaveLength(list.length + 1);
    // What is narrower than that breaks its lines itself.
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(Math.max(width, 70));
  }
});

test('what a narrow terminal has no room for goes first', () => {
  const header = (width: number) =>
    formatSchedule(items, { paint, nowMs, width }).split('\n')[0]?.trim().split(/ {2,}/);
  expect(header(80)).toEqual(['NAME', 'STATE', 'PID', 'RESTARTS', 'WHAT']);
  expect(header(60)).toEqual(['NAME', 'STATE', 'WHAT']);
});

describe('aurae schedule', () => {
  let root: TestRoot;
  const fake = new FakeSchedule();
  beforeAll(async () => {
    root = await TestRoot.make();
    await fake.serve(root);
  });
  afterAll(async () => {
    fake[Symbol.dispose]();
    await root[Symbol.asyncDispose]();
  });
  beforeEach(() => fake.clear());

  function run(...args: string[]) {
    return runCli(['--root', root.dir, 'schedule', ...args]);
  }

  test('shows both what is enabled and what is disabled, sorted by name', async () => {
    fake.executable('web').executable('db', { enabled: false }).executable('api');
    const container = runtime.Container.fromPartial({ meta: { name: 'cache' }, image: 'redis:7' });
    fake.keep({ $case: 'container', value: container });
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^ +NAME .*\n● {2}api .*\n● {2}container\/cache .* redis:7\n○ {2}db .*disabled.*\n● {2}web .*\n$/,
    );
    expect((await run('--enabled')).stdout).not.toContain('db');
    expect((await run('--disabled')).stdout).toMatch(/^ +NAME .*\n○ {2}db .*\n$/);
    expect((await run('--kind', 'container')).stdout).toMatch(/^ +NAME .*\n● {2}container\/cache .*\n$/);
  });

  test('names pick some, also by their kind', async () => {
    fake.executable('web').executable('db').executable('api', { enabled: false });
    fake.keep({ $case: 'container', value: runtime.Container.fromPartial({ meta: { name: 'cache' } }) });
    const { code, stdout } = await run('api', 'container/cache');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +NAME .*\n○ {2}api .*\n● {2}container\/cache .*\n$/);
  });

  test.each([
    ['wbe', 'aurae: Cannot show "wbe": it is not scheduled: did you mean "web"?\n'],
    ['exprot', 'aurae: Cannot show "exprot": it is not scheduled: did you mean "export"?\n'],
    ['nothing', 'aurae: Cannot show "nothing": it is not scheduled; "aurae schedule" shows what there is\n'],
  ])('the name "%s" is not known', async (name, stderr) => {
    fake.executable('web');
    expect(await run('web', name)).toMatchObject({ code: 1, stdout: '', stderr });
  });

  test('tells what is to be known of all of it, also when nothing is scheduled', async () => {
    fake.notice = 'its store was damaged:\u001b "a.db"';
    const note = 'aurae: note: its store was damaged:\\x1b "a.db"\n';
    expect((await run()).stderr).toBe(
      `${note}Nothing is scheduled: "aurae enable --name web -- /path/to/program" keeps an executable running.\n`,
    );
    expect(JSON.parse((await run('--output', 'json')).stdout)).toEqual({ workloads: [], notice: fake.notice });
    fake.executable('web');
    expect(await run()).toMatchObject({ code: 0, stderr: note });
  });

  test('--failed shows only what is not well', async () => {
    fake.executable('web');
    expect(await run('--failed')).toMatchObject({ code: 0, stdout: '', stderr: 'All is well.\n' });
    fake.executable('worker', { status: STATUS_ERROR }).executable('api', { ready: false });
    expect((await run('--failed')).stdout).toMatch(/^ +NAME .*\n◐ {2}api .*\n✗ {2}worker .*\n$/);
  });

  test('ten thousand come in pages, and each has its own command', async () => {
    for (let number = 0; number < 10_000; number++) fake.executable(`w${number}`);
    const { stdout } = await run();
    const lines = stdout.trimEnd().split('\n').slice(1);
    expect(lines).toHaveLength(10_000);
    for (const line of lines) {
      const [, name, command] = /^● {2}(w\d+) .* \.\/(w\d+)$/.exec(line) ?? [];
      expect(name).toBe(command);
    }
    expect(fake.pagesShown).toBe(21);
  });

  test('as JSON is whole, each with what was asked for', async () => {
    fake.executable('web', { restarts: 2 }).executable('db', { enabled: false });
    const { workloads } = JSON.parse((await run('--output', 'json')).stdout);
    expect(workloads).toEqual([
      {
        workload: { kind: 'WORKLOAD_KIND_EXECUTABLE', name: 'db' },
        status: 'STATUS_PASSIVE',
        spec: { meta: { name: 'db' }, command: './db', argv: ['./db'] },
      },
      {
        workload: { kind: 'WORKLOAD_KIND_EXECUTABLE', name: 'web' },
        enabled: true,
        status: 'STATUS_ACTIVE',
        ready: true,
        restarts: 2,
        spec: { meta: { name: 'web' }, command: './web', argv: ['./web'] },
      },
    ]);
  });

  test('has colours and a summary on a terminal', async () => {
    fake.executable('web').executable('worker', { status: STATUS_ERROR });
    await using terminal = Terminal.run(['--root', root.dir, 'schedule']);
    expect(await terminal.exited).toBe(0);
    expect(terminal.shown).toContain('\u001b[32m●\u001b[39m  web');
    expect(terminal.shown).toContain('\u001b[31m✗\u001b[39m  worker');
    expect(terminal.shown).toContain('1 well, 1 failed\r\n');
  });

  test('with nothing to show says how to add something', async () => {
    expect(await run()).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'Nothing is scheduled: "aurae enable --name web -- /path/to/program" keeps an executable running.\n',
    });
    expect(await run('--output', 'json')).toMatchObject({ stdout: '{"workloads":[]}\n', stderr: '' });
  });

  test.each([
    [['--enabled', '--disabled'], 'give either --enabled or --disabled'],
    [['import'], "missing required argument 'file'"],
  ])('a wrong command line is 2: %j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});
