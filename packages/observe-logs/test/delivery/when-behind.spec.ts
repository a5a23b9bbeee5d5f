import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { LogDispatcher, LogPositions, LogRing } from '@aurae/observe-logs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dispatchTo, followLog, numbered, workloadNamed } from '../fixtures/dispatch.js';
import { FakeLogHolder } from '../fixtures/fake-log-holder.js';
import { FakeLogSink } from '../fixtures/fake-log-sink.js';
import { FakeWorkloadLog } from '../fixtures/fake-workload-log.js';
import { ManualClock, quiet } from '../fixtures/manual-clock.js';

const minuteMs = 60_000;

/** Lets so much time pass, a second at a time, with something done in each. */
async function pass(clock: ManualClock, milliseconds: number, everySecond: (second: number) => void): Promise<void> {
  for (let second = 0; second < milliseconds / 1000; second++) {
    everySecond(second);
    await clock.advance(1000);
  }
}

describe('an outage of ten minutes under load', () => {
  it('ends with everything delivered once, in order per log', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const names = ['web', 'db', 'queue'];
    const logs = names.map((name) => new FakeWorkloadLog(name));
    logs.forEach((log, index) => followLog(dispatcher, names[index] as string, log));
    const speak = (second: number) =>
      logs.forEach((log) => log.append(...numbered(20, second * 20 + 1).map((line) => `${log.logId} ${line}`)));
    await pass(clock, 5_000, speak);
    sink.otherwise = new UnavailableError('connection refused');
    await pass(clock, 10 * minuteMs, (second) => speak(second + 5));
    expect(sink.lines.length).toBeLessThanOrEqual(300);
    expect(dispatcher.status()[0]?.droppedRecords).toBe(0);
    sink.otherwise = 'accept';
    await clock.advance(minuteMs);
    for (const log of logs) {
      const lines = sink.lines.filter((line) => line.startsWith(log.logId));
      expect(lines).toEqual(numbered(605 * 20).map((line) => `${log.logId} ${line}`));
    }
    expect(dispatcher.status()[0]).toMatchObject({
      writtenRecords: 3 * 605 * 20,
      droppedRecords: 0,
      pendingRecords: 0,
    });
  });

  it('and one write that was accepted without an answer brings duplicates of that write alone', async () => {
    const { dispatcher, clock, sink } = dispatchTo({ maximumBatchItems: 10, writeTimeoutMs: 1000 });
    const write = sink.write.bind(sink);
    let isUnanswered = true;
    sink.write = async (context, request) => {
      const answer = await write(context, request);
      if (!isUnanswered) return answer;
      isUnanswered = false;
      return new Promise(() => {});
    };
    const log = new FakeWorkloadLog('log-1', 10);
    log.append(...numbered(30));
    followLog(dispatcher, 'web', log);
    await clock.advance(5000);
    expect(sink.lines).toEqual([...numbered(10), ...numbered(30)]);
  });
});

describe('a sink that blocks', () => {
  it('gives a batch up after its time, is told so before anything newer, and newer lines get through', async () => {
    const { dispatcher, clock, sink } = dispatchTo({
      maximumBatchItems: 10,
      whenBehind: 'block',
      blockForMs: minuteMs,
      maximumBackoffMs: 5000,
    });
    sink.otherwise = new UnavailableError('down');
    const log = new FakeWorkloadLog('log-1', 10);
    log.append(...numbered(30));
    followLog(dispatcher, 'web', log);
    await clock.advance(minuteMs - 1);
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 0, pendingRecords: 20 });
    sink.otherwise = 'accept';
    sink.answers.push(new UnavailableError('down'));
    await clock.advance(1 + 10_000);
    expect(sink.lines).toEqual([
      '10 lines were lost here: the log sink did not take them within 60000 ms',
      ...numbered(20, 11),
    ]);
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 10, writtenRecords: 21, whenBehind: 'block' });
  });

  it('gives up also what hangs, a log in memory, and each batch anew', async () => {
    const { dispatcher, clock, sink } = dispatchTo({ whenBehind: 'block', blockForMs: 3000, maximumBatchItems: 4 });
    sink.otherwise = 'ignore-abort';
    const ring = new LogRing();
    for (const line of numbered(8)) ring.append({ channel: 'test', line, timestampMs: 0 });
    dispatcher.follow(ring);
    await clock.advance(3000);
    expect(dispatcher.status()[0]).toMatchObject({
      droppedRecords: 4,
      retries: 0,
      lastError: { message: 'The batch was given up after 3000 ms' },
    });
    // The next batch has room for what it tells and three lines.
    await clock.advance(3000);
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 7, pendingRecords: 1 });
    sink.otherwise = 'accept';
    ring.append({ channel: 'test', line: 'newer', timestampMs: 0 });
    await clock.advance(20);
    expect(sink.lines).toEqual([
      '7 lines were lost here: the log sink did not take them within 3000 ms',
      'line 8',
      'newer',
    ]);
  });
});

describe('a sink that spills', () => {
  it('holds each log from the first line on that it has not accepted, and lets go of it at the end', async () => {
    const holder = new FakeLogHolder();
    const { dispatcher, clock, sink } = dispatchTo({ named: { holder }, whenBehind: 'spill', maximumBatchItems: 10 });
    const log = new FakeWorkloadLog('log-1', 10);
    followLog(dispatcher, 'web', log);
    expect(holder.held.get('web')).toBe(1n);
    log.append(...numbered(10));
    await clock.advance(20);
    expect(holder.held.get('web')).toBe(11n);
    sink.otherwise = new UnavailableError('down');
    log.append(...numbered(100, 11));
    await clock.advance(minuteMs);
    expect(holder.held.get('web')).toBe(11n);
    holder.heldBytes = 4096;
    expect(dispatcher.status()[0]).toMatchObject({ whenBehind: 'spill', spilledBytes: 4096, droppedRecords: 0 });
    sink.otherwise = 'accept';
    await clock.advance(minuteMs);
    expect(holder.held.get('web')).toBe(111n);
    log.end();
    await quiet();
    expect(holder.held.size).toBe(0);
    expect(sink.lines).toEqual(numbered(110));
  });

  it('lets go of what it has accepted only once its position is on the disk: a crash before reads it again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'aurae-holds-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const holder = new FakeLogHolder();
    // It is saved when the test says so: its clock stands still.
    const positions = await LogPositions.open({ directory, clock: new ManualClock() });
    onTestFinished(() => positions.close());
    const named = { holder, positions };
    const { dispatcher, clock, sink } = dispatchTo({ named, whenBehind: 'spill', maximumBatchItems: 10 });
    const log = new FakeWorkloadLog('log-1', 10);
    followLog(dispatcher, 'web', log);
    log.append(...numbered(10));
    await clock.advance(20);
    expect(sink.lines).toEqual(numbered(10));
    expect(holder.held.get('web')).toBe(1n);
    await positions.save();
    expect(holder.held.get('web')).toBe(11n);
    log.append(...numbered(5, 11));
    log.end();
    await clock.advance(1000);
    expect(sink.lines).toEqual(numbered(15));
    expect(holder.held.get('web')).toBe(11n);
    await positions.save();
    expect(holder.held.size).toBe(0);
  });

  it('holds nothing when it does not spill', async () => {
    const holder = new FakeLogHolder();
    const { dispatcher, clock } = dispatchTo({ named: { holder }, whenBehind: 'drop-oldest' });
    const log = new FakeWorkloadLog();
    log.append('one');
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    expect(holder.held.size).toBe(0);
    expect(dispatcher.status()[0]?.spilledBytes).toBe(0);
  });
});

it('sinks have places of their own: one that is down holds up no other, and neither loses anything', async () => {
  const clock = new ManualClock();
  const [down, hanging, good] = [new FakeLogSink(), new FakeLogSink(), new FakeLogSink()];
  down.otherwise = new UnavailableError('down');
  hanging.otherwise = 'ignore-abort';
  const dispatcher = new LogDispatcher({
    clock,
    sinks: [
      { name: 'down', sink: down },
      { name: 'hanging', sink: hanging, options: { maximumBatchItems: 10 } },
      { name: 'good', sink: good },
    ],
  });
  onTestFinished(async () => void (await dispatcher.close({ signal: AbortSignal.abort() })));
  const log = new FakeWorkloadLog();
  dispatcher.followWorkload(workloadNamed('web'), log.open);
  for (let round = 0; round < 100; round++) {
    log.append(...numbered(50, round * 50 + 1));
    await clock.advance(20);
  }
  expect(good.lines).toEqual(numbered(5000));
  down.otherwise = hanging.otherwise = 'accept';
  await clock.advance(minuteMs);
  expect(down.lines).toEqual(numbered(5000));
  expect(hanging.lines).toEqual(numbered(5000));
});

it('a sink that says when to try again is left alone until then, within the longest backoff', async () => {
  const { dispatcher, clock, sink } = dispatchTo({ maximumBackoffMs: 10_000 });
  sink.answers.push(
    new ResourceExhaustedError('429', { retryAfterMs: 7000 }),
    new ResourceExhaustedError('429', { retryAfterMs: 3_600_000 }),
  );
  const log = new FakeWorkloadLog();
  log.append('one');
  followLog(dispatcher, 'web', log);
  await clock.advance(20 + 6999);
  expect(sink.attempts).toBe(1);
  await clock.advance(1 + 9999);
  expect(sink.attempts).toBe(2);
  await clock.advance(1);
  expect(sink.lines).toEqual(['one']);
});

it('what a sink of another copy of the package refuses for good is not sent again', async () => {
  const { dispatcher, clock, sink } = dispatchTo();
  // As an error of that copy looks from here.
  const foreign = Object.assign(new Error('no such record'), {
    reason: 'INVALID_SPEC',
    [Symbol.for('@aurae/proto/AuraeError')]: true,
  });
  sink.answers.push(foreign);
  const log = new FakeWorkloadLog();
  log.append('bad');
  followLog(dispatcher, 'web', log);
  await clock.advance(minuteMs);
  expect(sink.attempts).toBe(1);
  expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 1, pendingRecords: 0 });
});
