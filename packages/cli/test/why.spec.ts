import { meta, NotFoundError, type runtime, schedule } from '@aurae/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestRoot } from '../../client/test/support/test-daemon.js';
import { formatHistory } from '../src/commands/format-history.js';
import { localTimes } from '../src/output/local-times.js';
import { stateSentence } from '../src/schedule/state-sentence.js';
import { shownTime } from '../src/values/shown-time.js';
import { FakeSchedule } from './support/fake-schedule.js';
import { runCli } from './support/run-cli.js';

const nowMs = Date.UTC(2026, 0, 2);
const ago = (ms: number) => BigInt(nowMs - ms);
const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_ERROR, STATUS_STANDBY, STATUS_PASSIVE, STATUS_UNKNOWN } = meta.Status;
const later = `in 4s, at ${shownTime(nowMs + 4000)}`;
const exit = (exitCode: string) => ({ exitCode, endedAtMs: ago(60_000) });

test.each<[string, runtime.DeepPartial<schedule.ScheduledWorkload>]>([
  ['web runs as pid 12 for 3m.', { status: STATUS_ACTIVE, ready: true, proc: { pid: 12 }, startedAtMs: ago(180_000) }],
  ['web runs as pid 12; not ready yet.', { status: STATUS_ACTIVE, proc: { pid: 12 } }],
  ['web runs; not ready yet: no answer.', { status: STATUS_ACTIVE, message: 'not ready yet: no answer' }],
  ['web is about to start.', { status: STATUS_STANDBY, message: 'is about to start' }],
  ['web is being stopped.', { status: STATUS_PASSIVE, message: 'is being stopped' }],
  ['web is down: stopped by hand.', { status: STATUS_COMPLETE, message: 'stopped by hand', lastExit: { signal: 15 } }],
  ['web waits for container/db.', { status: STATUS_STANDBY, waitingFor: [{ kind: 2, name: 'db' }] }],
  [`web starts ${later}.`, { status: STATUS_STANDBY, nextStartAtMs: ago(-4000) }],
  [
    `web is down, and starts again ${later}: it exited (1) 1m ago.`,
    { status: STATUS_STANDBY, nextStartAtMs: ago(-4000), lastExit: exit('1') },
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
  });
  expect(text.split('\n')).toEqual([
    '✗ web is down and stays down: it ended five times.',
    '',
    `${shownTime(nowMs - 400_000)}  6m 40s ago  enabled  by spiffe://aurae/admin`,
    `${shownTime(nowMs - 399_000)}  6m 39s ago  started  enabled by spiffe://aurae/admin (pid 12)`,
    `${shownTime(nowMs - 180_000)}  3m ago      gave-up  5 in\\x1b a row`,
    '',
    'Next:',
    '  aurae logs web --tail 20  shows what it wrote at last',
    '  aurae enable web          tries again',
  ]);
});

test.each<[string, runtime.DeepPartial<schedule.ScheduledWorkload>]>([
  ['aurae why --kind container db', { status: STATUS_STANDBY, waitingFor: [{ kind: 2, name: 'db' }] }],
  ["aurae enable 'a b'", { status: STATUS_PASSIVE }],
  ["aurae logs 'a b' --tail 20", { status: STATUS_ACTIVE }],
])('the next step is "%s"', (command, state) => {
  const answer = schedule.ShowHistoryResponse.fromPartial({ workload: state });
  const view = { paint: (_style: unknown, shown: string) => shown, nowMs };
  expect(formatHistory({ kind: 'executable', name: 'a b' }, answer, view)).toContain(`\n  ${command} `);
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
  expect(stdout).toMatch(/^✗ container\/web is down and stays down: it ended five times\.\n\n.* enabled {2}by spiffe/);
  expect(fake.historyAsked).toEqual({ kind: 2, name: 'web' });
  await why('web');
  expect(fake.historyAsked).toEqual({ kind: 1, name: 'web' });
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
