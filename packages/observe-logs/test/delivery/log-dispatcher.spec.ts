import { InvalidSpecError, meta, UnavailableError } from '@aurae/proto';
import { LogDispatcher, type LogDispatcherOptions, LogRing } from '@aurae/observe-logs';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeLogSink } from '../fixtures/fake-log-sink.js';
import { ManualClock, quiet } from '../fixtures/manual-clock.js';

const { HEALTH_STATE_DEGRADED, HEALTH_STATE_SERVING } = meta.HealthState;
const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' };

const rings: LogRing[] = [];
const dispatchers: LogDispatcher[] = [];
const clocks: ManualClock[] = [];

afterEach(async () => {
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.close({ signal: AbortSignal.abort() })));
  expect(rings.map((ring) => ring.waitingReaders).filter(Boolean)).toEqual([]);
  expect(clocks.map((clock) => clock.sleeping).filter(Boolean)).toEqual([]);
  for (const list of [rings, dispatchers, clocks]) list.length = 0;
});

function newRing(maximumItems = 10_000): LogRing {
  const ring = new LogRing({ maximumItems });
  rings.push(ring);
  return ring;
}

function append(ring: LogRing, ...lines: string[]): void {
  for (const line of lines) ring.append({ channel: 'test', line, timestampMs: 1000 });
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}`);
}

function dispatch(sinks: FakeLogSink[], options: Partial<LogDispatcherOptions> = {}) {
  const clock = new ManualClock();
  clocks.push(clock);
  const dispatcher = new LogDispatcher({
    sinks: sinks.map((sink, index) => ({ name: `sink-${index}`, sink })),
    clock,
    random: () => 1,
    ...options,
  });
  dispatchers.push(dispatcher);
  const ring = newRing();
  dispatcher.follow(ring);
  return { dispatcher, clock, ring };
}

describe('batches', () => {
  it('gather what comes within the linger', async () => {
    const sink = new FakeLogSink();
    const { clock, ring } = dispatch([sink]);
    append(ring, 'one');
    await clock.advance(19);
    append(ring, 'two');
    expect(sink.attempts).toBe(0);
    await clock.advance(1);
    expect(sink.batches.map((batch) => batch.length)).toEqual([2]);
    append(ring, 'three');
    await clock.advance(20);
    expect(sink.lines).toEqual(['one', 'two', 'three']);
  });

  it('do not linger once they are full', async () => {
    const sink = new FakeLogSink();
    const { ring } = dispatch([sink], { maximumBatchItems: 10 });
    append(ring, ...numbered(10));
    await quiet();
    expect(sink.lines).toEqual(numbered(10));
  });

  it('stay within records and bytes, in order', async () => {
    const sink = new FakeLogSink();
    const { ring, clock } = dispatch([sink], { maximumBatchBytes: 1024 });
    append(ring, ...numbered(1000));
    append(ring, 'x'.repeat(700), 'y'.repeat(700), 'z'.repeat(5000), 'end');
    await clock.advance(200);
    expect(sink.batches.every((batch) => batch.length <= 256)).toBe(true);
    const sizes = sink.batches.map((batch) => batch.reduce((sum, { item }) => sum + (item?.line.length ?? 0), 0));
    expect(sizes.filter((size) => size > 1024)).toEqual([5000]);
    expect(sink.lines.slice(0, 1000)).toEqual(numbered(1000));
    expect(sink.lines.at(-1)).toBe('end');
  });

  it('carry what was logged before the dispatcher followed', async () => {
    const sink = new FakeLogSink();
    const { dispatcher, clock } = dispatch([sink]);
    const early = newRing();
    append(early, 'early');
    dispatcher.follow(early);
    await clock.advance(20);
    expect(sink.lines).toEqual(['early']);
  });

  it('name the workload of each log, and a busy log keeps no other out', async () => {
    const sink = new FakeLogSink();
    const { dispatcher, clock, ring } = dispatch([sink], { maximumBatchItems: 11 });
    const workload = newRing();
    dispatcher.follow(workload, web);
    append(ring, ...numbered(100));
    append(workload, 'from web');
    await clock.advance(20);
    const position = sink.batches.flat().findIndex((record) => record.workload?.name === 'web');
    expect(position).toBeGreaterThan(-1);
    expect(position).toBeLessThan(20);
    expect(sink.batches.flat().filter((record) => record.workload)).toHaveLength(1);
  });

  it('let go of a log that has ended', async () => {
    const sink = new FakeLogSink();
    const { dispatcher, clock } = dispatch([sink]);
    const ended = newRing();
    dispatcher.follow(ended);
    append(ended, 'last');
    ended.end();
    await clock.advance(20);
    expect(sink.lines).toEqual(['last']);
    append(ended, 'too late');
    await clock.advance(20);
    expect(sink.lines).toEqual(['last']);
  });
});

describe('a sink that fails', () => {
  it('gets the same batch again, with exponential backoff, and recovers', async () => {
    const sink = new FakeLogSink();
    sink.answers.push(new UnavailableError('down'), new UnavailableError('still down'), new Error('odd'));
    const { dispatcher, clock, ring } = dispatch([sink], { initialBackoffMs: 100, maximumBackoffMs: 250 });
    append(ring, 'one');
    await clock.advance(20 + 100);
    expect(dispatcher.status()[0]).toMatchObject({
      writtenRecords: 0,
      pendingRecords: 1,
      retries: 2,
      lastError: { message: 'still down' },
      health: {
        state: HEALTH_STATE_DEGRADED,
        reason: 'The log sink "sink-0" failed the last 2 writes: still down',
      },
    });
    append(ring, 'two');
    await clock.advance(200 + 250 + 20);
    expect(clock.sleeps.filter((milliseconds) => milliseconds >= 100 && milliseconds <= 250)).toEqual([100, 200, 250]);
    expect(sink.lines).toEqual(['one', 'two']);
    expect(dispatcher.status()[0]).toMatchObject({
      writtenRecords: 2,
      pendingRecords: 0,
      droppedRecords: 0,
      retries: 3,
      lastError: { message: 'odd' },
      health: { state: HEALTH_STATE_SERVING },
    });
  });

  it('waits between half and all of the backoff', async () => {
    const sink = new FakeLogSink();
    sink.answers.push(new UnavailableError('down'));
    const { clock, ring } = dispatch([sink], { random: () => 0 });
    append(ring, 'one');
    await clock.advance(20 + 50);
    expect(sink.lines).toEqual(['one']);
  });

  it('loses the oldest lines and gets a record that tells how many', async () => {
    const sink = new FakeLogSink();
    sink.answers.push(new UnavailableError('down'));
    const { dispatcher, clock } = dispatch([sink]);
    const small = newRing(3);
    dispatcher.follow(small, web);
    append(small, 'first');
    await clock.advance(20);
    append(small, ...numbered(7));
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 4, pendingRecords: 4 });
    await clock.advance(200);
    expect(sink.lines).toEqual([
      'first',
      '4 lines were lost here: the log sink did not take them in time',
      'line 5',
      'line 6',
      'line 7',
    ]);
    expect(sink.batches.flat()[1]).toEqual({
      workload: web,
      item: {
        channel: 'observe-logs',
        line: '4 lines were lost here: the log sink did not take them in time',
        timestamp: 1000n,
        sequence: 0n,
        dropped: 0n,
        level: 'warn',
        fieldsJson: '{"sink":"sink-0","lostLines":4}',
        partial: false,
        lineBytes: Buffer.alloc(0),
      },
    });
    expect(sink.batches.flat()[2]?.item).toMatchObject({ sequence: 6n, dropped: 4n });
    expect(dispatcher.status()[0]).toMatchObject({ writtenRecords: 5, droppedRecords: 4, pendingRecords: 0 });
  });

  it('does not get again what it refuses for good, and is told of it later', async () => {
    const sink = new FakeLogSink();
    sink.answers.push(new InvalidSpecError('no such record'));
    const { dispatcher, clock, ring } = dispatch([sink], { maximumBatchItems: 3 });
    append(ring, 'bad', 'bad');
    await clock.advance(20);
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 2, retries: 0, pendingRecords: 0 });
    append(ring, 'good', 'good', 'good');
    await clock.advance(40);
    expect(sink.lines).toEqual(['2 lines were lost here: the log sink refused them', 'good', 'good', 'good']);
    expect(sink.batches.every((batch) => batch.length <= 3)).toBe(true);
  });

  it.each(['hang', 'ignore-abort'] as const)('by a write that does not end (%s) is tried again', async (answer) => {
    const sink = new FakeLogSink();
    sink.answers.push(answer);
    const { dispatcher, clock, ring } = dispatch([sink], { writeTimeoutMs: 500 });
    append(ring, 'one');
    await clock.advance(20 + 499);
    expect(sink.attempts).toBe(1);
    await clock.advance(1 + 100);
    expect(sink.lines).toEqual(['one']);
    expect(dispatcher.status()[0]?.lastError?.message).toBe('Writing to the log sink "sink-0" took longer than 500 ms');
  });

  it('holds up no other sink', async () => {
    const broken = new FakeLogSink();
    broken.otherwise = new UnavailableError('down');
    const hanging = new FakeLogSink();
    hanging.otherwise = 'ignore-abort';
    const good = new FakeLogSink();
    const { clock, ring } = dispatch([broken, hanging, good]);
    append(ring, ...numbered(5));
    await clock.advance(20);
    append(ring, 'six');
    await clock.advance(20);
    expect(good.lines).toEqual([...numbered(5), 'six']);
  });
});

describe('closing', () => {
  it('sends at once what is there, and flushes', async () => {
    const sink = new FakeLogSink();
    const { dispatcher, ring } = dispatch([sink]);
    append(ring, ...numbered(1000));
    const status = await dispatcher.close();
    expect(sink.lines).toEqual(numbered(1000));
    expect(sink.flushes).toBe(1);
    expect(status).toEqual(dispatcher.status());
    expect(status[0]).toMatchObject({ writtenRecords: 1000, pendingRecords: 0, droppedRecords: 0 });
  });

  it('tries a failing sink at once, and again', async () => {
    const sink = new FakeLogSink();
    sink.answers.push(...Array.from({ length: 12 }, () => new UnavailableError('down')));
    const { dispatcher, clock, ring } = dispatch([sink]);
    append(ring, 'one');
    await clock.advance(10_000);
    const attempts = sink.attempts;
    const closed = dispatcher.close();
    await quiet();
    expect(sink.attempts).toBe(attempts + 1);
    await clock.advance(1000);
    await closed;
    expect(sink.lines).toEqual(['one']);
  });

  it('ends within its bound and reports what was left, also with a sink that never answers', async () => {
    const sink = new FakeLogSink();
    const hanging = new FakeLogSink();
    hanging.otherwise = 'ignore-abort';
    const { dispatcher, clock, ring } = dispatch([sink, hanging], { maximumBatchItems: 4 });
    append(ring, ...numbered(5));
    const closed = dispatcher.close({ timeoutMs: 300 });
    await clock.advance(300);
    const [good, bad] = await closed;
    expect(good).toMatchObject({ writtenRecords: 5, pendingRecords: 0 });
    expect(bad).toMatchObject({ writtenRecords: 0, pendingRecords: 5 });
    append(ring, 'after');
    await clock.advance(60_000);
    expect(hanging.attempts).toBe(1);
  });

  it('ends when its signal aborts', async () => {
    const sink = new FakeLogSink();
    sink.otherwise = 'hang';
    const { dispatcher, ring } = dispatch([sink]);
    append(ring, 'one');
    const controller = new AbortController();
    const closed = dispatcher.close({ signal: controller.signal });
    await quiet();
    controller.abort();
    expect((await closed)[0]?.pendingRecords).toBe(1);
  });

  it('twice is harmless, and then no log is followed', async () => {
    const { dispatcher, ring } = dispatch([new FakeLogSink()]);
    expect(await dispatcher.close()).toBe(await dispatcher.close());
    await dispatcher[Symbol.asyncDispose]();
    expect(() => dispatcher.follow(ring)).toThrow('Cannot follow a log: the log dispatcher is closed');
  });
});

it.each([
  { maximumBatchItems: 2 },
  { maximumBatchBytes: 0 },
  { lingerMs: -1 },
  { writeTimeoutMs: 0 },
  { initialBackoffMs: 0 },
  { maximumBackoffMs: Number.POSITIVE_INFINITY },
])('a dispatcher refuses %o', (options) => {
  const sinks = [{ name: 'fake', sink: new FakeLogSink() }];
  expect(() => new LogDispatcher({ sinks, ...options })).toThrow(RangeError);
});

describe('the health of a sink', () => {
  it('is told once when it begins to fail, and once when it works again', async () => {
    const sink = new FakeLogSink();
    const told: [string, boolean][] = [];
    const { clock, ring } = dispatch([sink], {
      onHealthChange: ({ name, health }) => told.push([name, health.state === HEALTH_STATE_SERVING]),
    });
    sink.answers.push(...Array.from({ length: 3 }, () => new UnavailableError('down')));
    append(ring, 'one');
    for (let tries = 0; tries < 10; tries++) await clock.advance(1_000);
    expect(told).toEqual([
      ['sink-0', false],
      ['sink-0', true],
    ]);
  });
});
