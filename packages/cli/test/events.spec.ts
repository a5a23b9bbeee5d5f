import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { FailedPreconditionError, meta, observe } from '@aurae/proto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestDaemon, TestRoot, untilAborted } from '../../client/test/support/test-daemon.js';
import { EventFormat } from '../src/events/event-format.js';
import { paintFor } from '../src/output/terminal-style.js';
import { runCli, startCli } from './support/run-cli.js';

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER } = meta.WorkloadKind;
const timestampMs = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5));
const web = { kind: WORKLOAD_KIND_EXECUTABLE, name: 'web' };

let root: TestRoot;
let daemon: TestDaemon;
let requests: observe.WatchEventsRequest[];
let history: observe.Event[];

const eventOf = (sequence: number, partial: object = {}) =>
  observe.Event.fromPartial({ sequence, timestampMs, workload: web, type: 'workload.started', ...partial });

async function serve(): Promise<void> {
  daemon = await root.serve({
    observe: {
      status: async () => observe.StatusResponse.fromPartial({}),
      async *watchEvents(context, request) {
        requests.push(request);
        if (request.afterSequence > BigInt(history.length)) {
          throw new FailedPreconditionError('Cannot watch the events after that: it is of another history');
        }
        const { tail, afterSequence } = request;
        const asks = request.fromOldest || tail > 0 || afterSequence > 0n || request.historyOnly;
        const isKept = (event: observe.Event) => event.sequence > afterSequence && event.timestampMs >= request.sinceMs;
        const kept = asks ? history.filter(isKept) : [];
        yield* tail > 0 ? kept.slice(-tail) : kept;
        if (!request.historyOnly) await untilAborted(context);
      },
    },
  });
}

beforeAll(async () => {
  root = await TestRoot.make();
});
afterAll(() => root[Symbol.asyncDispose]());
beforeEach(async () => {
  requests = [];
  history = [
    eventOf(1, { message: 'runs' }),
    eventOf(2, {
      type: 'workload.ended',
      workload: { kind: WORKLOAD_KIND_CONTAINER, name: 'db' },
      message: 'exited with 1\u001b[2J',
      attributes: { exit_code: '1' },
    }),
    eventOf(3, { type: 'backend.degraded', workload: undefined, attributes: { backend: 'oci' }, dropped: 2n }),
  ];
  await serve();
});
afterEach(() => daemon.kill());

function events(...args: readonly string[]) {
  return runCli(['--root', root.dir, 'events', ...args], { TZ: 'UTC' });
}

test('are shown one a line; controls escaped, losses told', async () => {
  const { code, stdout, stderr } = await events();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    '2026-01-02 03:04:05  workload.started          web       runs',
    '2026-01-02 03:04:05  workload.ended            container/db  exited with 1\\x1b[2J',
    '… 2 events are no longer kept',
    '2026-01-02 03:04:05  backend.degraded          -             backend=oci',
    '',
  ]);
});

test.each<[string[], object]>([
  [[], { tail: 50, historyOnly: true }],
  [['-f'], { tail: 10 }],
  [['-f', '-n', '0'], {}],
  [['-n', '3'], { tail: 3, historyOnly: true }],
  [
    ['--since', '2026-01-01T00:00:00Z', '--until', '2026-01-02T00:00:00Z'],
    { sinceMs: Date.UTC(2026, 0, 1), untilMs: Date.UTC(2026, 0, 2), historyOnly: true, fromOldest: true },
  ],
  [['--after', '2', '-n', '1'], { afterSequence: 2, tail: 1, historyOnly: true }],
  [['--after', '0'], { fromOldest: true, historyOnly: true }],
  [
    ['web', 'container/db', '--type', 'workload.ended', '--type', 'schedule.'],
    {
      tail: 50,
      historyOnly: true,
      workloads: [
        { kind: meta.WorkloadKind.WORKLOAD_KIND_UNSPECIFIED, name: 'web' },
        { kind: WORKLOAD_KIND_CONTAINER, name: 'db' },
      ],
      types: ['workload.ended', 'schedule.'],
    },
  ],
  [['--kind', 'executable', 'web'], { tail: 50, historyOnly: true, workloads: [web] }],
])('%j is asked for as such', async (args, request) => {
  const child = startCli(['--root', root.dir, 'events', ...args]);
  const closed = once(child, 'close');
  child.stdout.resume();
  await expect.poll(() => requests.length, { timeout: 30_000 }).toBe(1);
  child.kill();
  await closed;
  expect(requests[0]).toEqual(observe.WatchEventsRequest.fromPartial(request));
});

test.each([
  [['--type', 'ended'], 'Allowed are types such as workload.ended'],
  [['--after', '-1'], 'Allowed are whole numbers from 0 up.'],
  [['--after', 'x'], 'Allowed are whole numbers from 0 up.'],
  [['--kind', 'container'], 'option --kind is of names: give some'],
  [['-n', '0'], 'option --tail 0 shows nothing: it is for --follow'],
  [['-n', '0', '-f', '--after', '2'], 'options --tail 0 and --after do not go together'],
])('a wrong command line is 2: %j', async (args, message) => {
  const { code, stderr } = await events(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('none is told', async () => {
  history = [];
  expect(await events()).toMatchObject({ code: 0, stdout: '', stderr: 'No event of that kind is kept.\n' });
  expect(await events('--output', 'json')).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

test('as JSON are one object a line', async () => {
  const { stdout } = await events('--output', 'json');
  const parsed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => observe.Event.fromJSON(JSON.parse(line)));
  expect(parsed).toEqual(history);
});

async function follow(...args: readonly string[]) {
  const child = startCli(['--root', root.dir, 'events', '-f', '--output', 'json', ...args]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const stderr = text(child.stderr);
  const heard = async (words: string) => {
    let told = '';
    for await (const [piece] of on(child.stderr, 'data')) {
      told += String(piece);
      if (told.includes(words)) return;
    }
  };
  const next = async () => observe.Event.fromJSON(JSON.parse((await lines.next()).value as string)).sequence;
  const end = async () => {
    const ended = once(child, 'close');
    child.kill('SIGINT');
    return (await ended)[0] as number;
  };
  return { next, end, stderr, heard };
}

test('who follows goes on after a restart of auraed, without a gap or a double', async () => {
  const follower = await follow('-n', '1');
  expect(await follower.next()).toBe(3n);
  daemon.kill();
  history.push(eventOf(4), eventOf(5));
  await serve();
  expect([await follower.next(), await follower.next()]).toEqual([4n, 5n]);
  expect(requests.at(-1)).toMatchObject({ afterSequence: 3n, tail: 0, fromOldest: false });
  expect(await follower.end()).toBe(130);
});

test('who has seen none yet gets all that happened meanwhile', async () => {
  history = [];
  const follower = await follow();
  await expect.poll(() => requests.length, { timeout: 30_000 }).toBe(1);
  daemon.kill();
  // More than it would have begun with.
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  history = numbers.map((number) => eventOf(number));
  await serve();
  for (const number of numbers) expect(await follower.next()).toBe(BigInt(number));
  expect(await follower.end()).toBe(130);
});

test('who wants only new ones gets those that happened meanwhile, and none from before', async () => {
  const before = Date.now();
  const follower = await follow('-n', '0');
  await expect.poll(() => requests.length, { timeout: 30_000 }).toBe(1);
  daemon.kill();
  history.push(eventOf(4, { timestampMs: BigInt(Date.now()) }));
  await serve();
  expect(await follower.next()).toBe(4n);
  expect(requests.at(-1)).toMatchObject({ tail: 0, fromOldest: true });
  expect(Number(requests.at(-1)?.sinceMs)).toBeGreaterThanOrEqual(before);
  expect(await follower.end()).toBe(130);
});

test('programs that follow are told of an outage on standard error, too', async () => {
  const follower = await follow('-n', '1');
  expect(await follower.next()).toBe(3n);
  daemon.kill();
  // It may come back before it was missed.
  await follower.heard('auraed is gone');
  history.push(eventOf(4));
  await serve();
  expect(await follower.next()).toBe(4n);
  expect(await follower.end()).toBe(130);
  expect(await follower.stderr).toBe('aurae: auraed is gone, waiting for it\naurae: auraed is back\n');
});

test('who follows begins anew with another history', async () => {
  const follower = await follow('-n', '1');
  expect(await follower.next()).toBe(3n);
  daemon.kill();
  history = [eventOf(1)];
  await serve();
  expect(await follower.next()).toBe(1n);
  expect(await follower.end()).toBe(130);
});

test('a number that is not reached is told to who gives it', async () => {
  expect(await events('--after', '100')).toMatchObject({
    code: 1,
    stderr: 'aurae: Cannot watch the events after that: it is of another history\n',
  });
});

test.each<[string, object]>([
  ['32', { type: 'workload.started' }],
  ['2', { type: 'workload.ended', attributes: { exit_code: '0' } }],
  ['33', { type: 'workload.ended', attributes: { exit_code: '1' } }],
  ['2', { type: 'workload.ended', attributes: { exit_code: '143', stopped: 'true' } }],
  ['31', { type: 'workload.ended', attributes: { out_of_memory: 'true' } }],
  ['31', { type: 'workload.whatever', status: meta.Status.STATUS_ERROR }],
  ['31', { type: 'schedule.gave-up' }],
])('colour %s is that of %j', (code, partial) => {
  const line = new EventFormat(paintFor({ isTTY: true }, {})).line(eventOf(1, partial));
  expect(line).toContain(`\u001b[${code}m${(partial as { type: string }).type}`);
});
