import { meta, NotFoundError, runtime, schedule } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { formatHistory } from '../src/commands/format-history.js';
import { localTimes } from '../src/output/local-times.js';
import { stateSentence } from '../src/schedule/state-sentence.js';
import { lastEntries } from '../src/commands/history-entries.js';
import { timerSentence } from '../src/schedule/timer-sentence.js';
import { shownTime } from '../src/values/shown-time.js';
import { localZone } from '../src/values/zoned-time.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli } from './support/run-cli.js';

const nowMs = Date.UTC(2026, 0, 2);
const ago = (ms: number) => BigInt(nowMs - ms);
const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY, STATUS_PASSIVE, STATUS_UNKNOWN } = meta.Status;
const exit = (exitCode: string) => ({ exitCode, endedAtMs: ago(60_000) });

test.each<[string, runtime.DeepPartial<schedule.ScheduledWorkload>]>([
  ['web runs as pid 12 for 3m.', { status: STATUS_ACTIVE, ready: true, proc: { pid: 12 }, startedAtMs: ago(180_000) }],
  ['web runs as pid 12; not ready yet.', { status: STATUS_ACTIVE, proc: { pid: 12 } }],
  ['web runs; not ready yet: no answer.', { status: STATUS_ACTIVE, message: 'not ready yet: no answer' }],
  ['web is about to start.', { status: STATUS_STANDBY, message: 'is about to start' }],
  ['web is being stopped.', { status: STATUS_PASSIVE, message: 'is being stopped' }],
  ['web is down: stopped by hand.', { status: STATUS_COMPLETE, message: 'stopped by hand', lastExit: { signal: 15 } }],
  ['web waits for container/db.', { status: STATUS_STANDBY, waitingFor: [{ kind: 2, name: 'db' }] }],
  [
    'web starts in 3h 58m.',
    { status: STATUS_STANDBY, message: 'waits for its timer', nextStartAtMs: ago(-14_280_000) },
  ],
  [
    'web exited with 1; starts again in 4s.',
    {
      status: STATUS_STANDBY,
      message: 'restarted by its policy: it exited with 1',
      nextStartAtMs: ago(-4000),
      lastExit: exit('1'),
    },
  ],
  [
    'web could not be started: no program; tries again in 1s.',
    {
      status: STATUS_STANDBY,
      message: 'restarted by its policy: it could not be started: no program',
      nextStartAtMs: ago(-1000),
    },
  ],
  [
    'web waits (the node is short of memory); tries again in 1s.',
    { status: STATUS_STANDBY, message: 'the node is short of memory', nextStartAtMs: ago(-1000) },
  ],
  [
    'web: its last run failed: exited with 4; next start in 1s.',
    { status: STATUS_ERROR, message: 'it exited with 4', nextStartAtMs: ago(-1000), lastExit: exit('4') },
  ],
  [
    'web is done, and need not run again: it was stopped 1m ago.',
    { status: STATUS_COMPLETE, lastExit: { signal: 15, stopped: true, endedAtMs: ago(60_000) } },
  ],
  [
    'web is down and stays down: 5 restarts in a row did not help.',
    { status: STATUS_ERROR, message: '5 restarts in a row did not help.' },
  ],
  ['web is down and stays down: it exited (1) 1m ago.', { status: STATUS_ERROR, lastExit: exit('1') }],
  ['web is done, and need not run again: it exited (0) 1m ago.', { status: STATUS_COMPLETE, lastExit: exit('0') }],
  ['web is disabled: it does not run until it is enabled again.', { status: STATUS_PASSIVE }],
  ['web is in a state that is not known.', { status: STATUS_UNKNOWN }],
])('the first line reads "%s"', (text, state) => {
  expect(stateSentence('web', { state: schedule.ScheduledWorkload.fromPartial(state) }, nowMs)).toBe(text);
});

const history: runtime.DeepPartial<schedule.ShowHistoryResponse> = {
  workload: { workload: { kind: 1, name: 'web' }, enabled: true, status: STATUS_ERROR, message: 'it ended five times' },
  entries: [
    { sequence: 7n, timestampMs: ago(400_000), type: 'enabled', message: 'enabled by spiffe://aurae/admin' },
    {
      sequence: 8n,
      timestampMs: ago(399_000),
      type: 'started',
      message: 'enabled by spiffe://aurae/admin',
      proc: { pid: 12 },
    },
    { sequence: 9n, timestampMs: ago(180_000), type: 'gave-up', message: '5 in\u001b a row' },
  ],
};

test('points in time are those of this place', () => {
  const told = (ms: number) => localTimes(`next start at ${new Date(ms).toISOString()}; x`, nowMs);
  expect(told(nowMs + 90_000)).toBe(`next start at ${shownTime(nowMs + 90_000)} (in 1m 30s); x`);
  expect(told(nowMs - 90_000)).toBe(`next start at ${shownTime(nowMs - 90_000)} (1m 30s ago); x`);
  expect(localTimes('at 2026-99-99T00:00:00Z', nowMs)).toBe('at 2026-99-99T00:00:00Z');
});

test('the history is the oldest first, with what to do next at its end', () => {
  const text = formatHistory({ kind: 'executable', name: 'web' }, schedule.ShowHistoryResponse.fromPartial(history), {
    paint: (_style, shown) => shown,
    nowMs,
    most: 15,
  });
  expect(text.split('\n')).toEqual([
    '✗ web is down and stays down: it ended five times.',
    '',
    `Times in ${localZone()}:`,
    `${shownTime(nowMs - 400_000)}  6m 40s ago  enabled  by spiffe://aurae/admin`,
    `${shownTime(nowMs - 399_000)}  6m 39s ago  started  enabled by spiffe://aurae/admin (pid 12)`,
    `${shownTime(nowMs - 180_000)}  3m ago      gave-up  5 in\\x1b a row`,
    '',
    'Next:',
    '  aurae logs web --tail 20   shows what it wrote at last',
    '  aurae enable web           tries again',
    '  aurae schedule export web  shows all that it is to be',
  ]);
});

test.each<[string, runtime.DeepPartial<schedule.ScheduledWorkload>]>([
  ['aurae why --kind container db', { status: STATUS_STANDBY, waitingFor: [{ kind: 2, name: 'db' }] }],
  ["aurae enable 'a b'", { status: STATUS_PASSIVE }],
  ["aurae logs 'a b' --tail 20", { status: STATUS_ACTIVE }],
])('the next step is "%s"', (command, state) => {
  const answer = schedule.ShowHistoryResponse.fromPartial({ workload: state });
  const view = { paint: (_style: unknown, shown: string) => shown, nowMs, most: 15 };
  expect(formatHistory({ kind: 'executable', name: 'a b' }, answer, view)).toContain(`\n  ${command} `);
});

const plainView = { paint: (_style: unknown, shown: string) => shown, nowMs, most: 15 };
const executableKey = { kind: 'executable', name: 'web' } as const;

test('a long first line is broken at words, and never within one', () => {
  const word = 'x'.repeat(60);
  const answer = schedule.ShowHistoryResponse.fromPartial({
    workload: { status: STATUS_ERROR, message: `no program "/srv/${word}" is there for it to run at all` },
  });
  const [first, second, third] = formatHistory(executableKey, answer, { ...plainView, width: 40 }).split('\n');
  expect(first).toBe('✗ web is down and stays down: no program');
  expect(second).toBe(`  "/srv/${word}"`);
  expect(third).toBe('  is there for it to run at all.');
});

test('below that stands what it is to be', () => {
  const answer = schedule.ShowHistoryResponse.fromPartial({
    workload: { status: STATUS_STANDBY, message: 'waits for its timer', nextStartAtMs: ago(-60_000) },
    record: {
      workload: {
        $case: 'executable',
        value: runtime.Executable.fromPartial({
          argv: ['/srv/web', 'a b'],
          user: 'nobody',
          restart: { mode: 1, maxRestarts: 5 },
          criteria: {
            timer: { when: { $case: 'intervalMs', value: 300_000n } },
            after: [{ workload: { name: 'db' } }],
            readiness: { check: { $case: 'http', value: { port: 8080, path: '/healthz' } } },
            liveness: { check: { $case: 'exec', value: { argv: ['test', '-e', '/x'] } } },
          },
        }),
      },
    },
  });
  const lines = formatHistory(executableKey, answer, plainView).split('\n');
  expect(lines.slice(0, 4)).toEqual([
    '● web starts in 1m.',
    "  runs   /srv/web 'a b' (as nobody)",
    expect.stringMatching(/^ {2}timer {2}next start 2026-01-0\d \d\d:01 \S+ \(every 5m\)$/),
    '  rules  restart on-failure:5, after db, ready by http :8080/healthz, alive by exec test -e /x',
  ]);
});

test('a timer tells its next start here and in its own zone', () => {
  const cron = (timeZone: string) => ({
    when: { $case: 'cron' as const, value: { expression: '30 3 * * *', timeZone } },
    missed: 0,
  });
  const at = Date.UTC(2026, 10, 23, 8, 30);
  const zone = process.env['TZ'];
  process.env['TZ'] = 'UTC';
  try {
    expect(timerSentence(cron('America/New_York'), at)).toBe(
      'next start 2026-11-23 08:30 UTC, 03:30 in America/New_York (30 3 * * *)',
    );
    expect(timerSentence(cron('Pacific/Auckland'), at + 14_400_000)).toBe(
      'next start 2026-11-23 12:30 UTC, 2026-11-24 01:30 in Pacific/Auckland (30 3 * * *)',
    );
    expect(timerSentence(cron(''), at)).toBe('next start 2026-11-23 08:30 UTC (30 3 * * *)');
    expect(timerSentence(cron('Nowhere/Known'), at)).toBe('next start 2026-11-23 08:30 UTC (30 3 * * *)');
    expect(timerSentence(cron('Europe/Berlin'), 0)).toBe('30 3 * * * in Europe/Berlin');
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

const entry = (sequence: number, type: string, message: string) =>
  schedule.HistoryEntry.fromPartial({ sequence: BigInt(sequence), timestampMs: BigInt(sequence), type, message });

test('the last entries count what waits in a row as one', () => {
  const all = [
    entry(1, 'enabled', ''),
    ...[2, 3, 4].map((sequence) => entry(sequence, 'waiting', 'waits for "db"')),
    entry(5, 'waiting', 'waits for "cache"'),
    entry(6, 'ended', 'x'),
    entry(7, 'ended', 'x'),
  ];
  const shown = (most: number) => {
    const { entries, earlier } = lastEntries(all, most);
    return [earlier, ...entries.map((one) => `${one.entry.sequence}x${one.count}`)];
  };
  expect(shown(15)).toEqual([0, '1x1', '4x3', '5x1', '6x1', '7x1']);
  expect(shown(4)).toEqual([1, '4x3', '5x1', '6x1', '7x1']);
  expect(shown(3)).toEqual([4, '5x1', '6x1', '7x1']);
});

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

function why(...args: string[]) {
  return runCli(['--root', root.dir, 'why', ...args]);
}

test('asks for the kind and the name', async () => {
  fake.history = history;
  const { code, stdout, stderr } = await why('--kind', 'container', 'web');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /^✗ container\/web is down and stays down: it ended five times\.\n\nTimes in .*:\n.* enabled {2}by spiffe/,
  );
  expect(fake.historyAsked).toEqual({ kind: 2, name: 'web' });
  await why('web');
  expect(fake.historyAsked).toEqual({ kind: 1, name: 'web' });
});

test('shows the last fifteen entries, or as many as are asked for', async () => {
  fake.history = { entries: Array.from({ length: 100 }, (_, index) => entry(index, 'ended', `number ${index}`)) };
  const shown = async (...args: string[]) => {
    const { stdout } = await why('web', ...args);
    return [stdout.match(/^… .*$/m)?.[0], stdout.match(/ended/g)?.length];
  };
  expect(await shown()).toEqual(['… 85 earlier entries: --all', 15]);
  expect(await shown('-n', '99')).toEqual(['… 1 earlier entry: --all', 99]);
  expect(await shown('--all')).toEqual([undefined, 100]);
});

test('of several names is one after another', async () => {
  fake.history = { workload: { status: STATUS_PASSIVE } };
  const { stdout } = await why('web', 'container/db');
  expect(stdout).toMatch(/^○ web is disabled.*\n\nNext:\n(?: {2}.*\n)+\n○ container\/db is disabled/);
  expect((await why('web', 'db', '--output', 'json')).stdout.trimEnd().split('\n')).toHaveLength(2);
});

test('tells which name may have been meant', async () => {
  fake.executable('web');
  fake.historyFailure = new NotFoundError('Cannot tell the history of "wbe": it is not scheduled');
  try {
    expect((await why('wbe')).stderr).toBe(
      'aurae: Cannot tell the history of "wbe": it is not scheduled; did you mean "web"?\n',
    );
  } finally {
    fake.historyFailure = undefined;
    fake.clear();
  }
});

test('as JSON is the answer of the API', async () => {
  fake.history = history;
  const answer = JSON.parse((await why('web', '--output', 'json')).stdout);
  expect(schedule.ShowHistoryResponse.fromJSON(answer)).toEqual(schedule.ShowHistoryResponse.fromPartial(history));
});

test('of what is not scheduled is a failure', async () => {
  fake.historyFailure = new NotFoundError('Cannot show the history of "web": the schedule does not have it');
  try {
    expect(await why('web')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'aurae: Cannot show the history of "web": the schedule does not have it\n',
    });
  } finally {
    fake.historyFailure = undefined;
  }
});
