import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidSpecError, meta, UnavailableError } from '@aurae/proto';
import { LogDispatcher, type LogPlace, LogPositions, LogRing, logSinkStatus } from '@aurae/observe-logs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dispatchTo, followLog, numbered, workloadNamed } from '../fixtures/dispatch.js';
import { FakeLogHolder } from '../fixtures/fake-log-holder.js';
import { FakeLogSink } from '../fixtures/fake-log-sink.js';
import { FakeWorkloadLog } from '../fixtures/fake-workload-log.js';
import { ManualClock, quiet } from '../fixtures/manual-clock.js';

const web = workloadNamed('web');

/** Positions on disk with these places by name. */
async function positionsOf(places: Record<string, LogPlace>) {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-positions-'));
  const positions = await LogPositions.open({ directory });
  for (const [name, place] of Object.entries(places)) positions.set(workloadNamed(name), place);
  onTestFinished(async () => {
    await positions.close();
    rmSync(directory, { recursive: true });
  });
  return { positions, place: (name: string) => positions.get(workloadNamed(name)) };
}

describe('the log of a workload', () => {
  it('goes to the sink from its first kept line on, and is followed to its end', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    log.append(...numbered(600));
    log.letGo(100n);
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    log.append(...numbered(3, 601));
    log.end();
    await clock.advance(20);
    expect(sink.lines).toEqual(numbered(503, 101));
    expect(sink.batches.flat().every(({ workload }) => workload?.name === 'web')).toBe(true);
    expect(log.openStreams).toBe(0);
    expect(dispatcher.status()[0]).toMatchObject({ writtenRecords: 503, droppedRecords: 0, pendingRecords: 0 });
  });

  it('is followed once, however often that is asked for, and on from where it was when it begins again', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    followLog(dispatcher, 'web', log);
    followLog(dispatcher, 'web', log);
    log.append('one');
    await clock.advance(20);
    expect(log.opened).toHaveLength(1);
    log.end();
    await quiet();
    log.begin();
    followLog(dispatcher, 'web', log);
    log.append('two');
    await clock.advance(20);
    expect(sink.lines).toEqual(['one', 'two']);
    expect(log.opened.at(-1)).toEqual({ logId: 'log-1', afterSequence: 1n });
  });

  it('is looked at again at its end when the workload has begun anew meanwhile', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    // The stream of the first run has not yet heard that it is over.
    log.append('one');
    log.end();
    followLog(dispatcher, 'web', log);
    log.begin();
    log.append('two');
    await clock.advance(20);
    expect(sink.lines).toEqual(['one', 'two']);
  });

  it('goes only to sinks that want such, and the log of the daemon only to the others', async () => {
    const clock = new ManualClock();
    const [own, workloads] = [new FakeLogSink(), new FakeLogSink()];
    const { dispatcher } = dispatchTo({
      clock,
      sinks: [
        { name: 'own', sink: own, from: ['daemon'] },
        { name: 'workloads', sink: workloads, from: ['workloads'] },
      ],
    });
    const [ring, log] = [new LogRing(), new FakeWorkloadLog()];
    ring.append({ channel: 'server', line: 'from the daemon', timestampMs: 0 });
    log.append('from web');
    dispatcher.follow(ring);
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    expect([own.lines, workloads.lines]).toEqual([['from the daemon'], ['from web']]);
  });

  it('tells of lines that were gone before they were read, where they would have stood', async () => {
    const { dispatcher, clock, sink } = dispatchTo({ maximumBatchItems: 10 });
    const log = new FakeWorkloadLog('log-1', 10);
    log.append(...numbered(10));
    sink.answers.push(new UnavailableError('down'));
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    log.append(...numbered(30, 11));
    await quiet();
    log.letGo(35n);
    await clock.advance(1000);
    expect(sink.lines).toEqual([
      ...numbered(20),
      '15 lines were lost here: they were gone from the log before the log sink took them',
      ...numbered(5, 36),
    ]);
    expect(sink.batches.flat()[20]?.workload).toEqual(web);
    expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 15, pendingRecords: 0 });
  });

  it('tells of what is missing at its end', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    log.append('one', 'two', 'three');
    log.letGo(3n);
    log.append('four', 'five');
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    log.append('six', 'seven');
    log.letGo(7n);
    log.end();
    await clock.advance(20);
    expect(sink.lines).toEqual([
      'four',
      'five',
      '2 lines were lost here: they were gone from the log before the log sink took them',
    ]);
  });
});

it('a batch that is full does not linger any longer', async () => {
  const { dispatcher, sink } = dispatchTo({ maximumBatchItems: 10 });
  const log = new FakeWorkloadLog();
  log.append('line 1');
  followLog(dispatcher, 'web', log);
  await quiet();
  expect(sink.attempts).toBe(0);
  log.append(...numbered(9, 2));
  await quiet();
  expect(sink.lines).toEqual(numbered(10));
});

describe('a position on disk', () => {
  it('is where the log is read on from, also when nothing of it was delivered: what is gone since is told', async () => {
    const { positions, place } = await positionsOf({ web: { logId: 'log-1', afterSequence: 0n } });
    const { dispatcher, clock, sink } = dispatchTo({ positions });
    const log = new FakeWorkloadLog();
    log.append(...numbered(8));
    log.letGo(5n);
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    expect(sink.lines).toEqual([
      '5 lines were lost here: they were gone from the log before the log sink took them',
      ...numbered(3, 6),
    ]);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 8n });
  });

  it('is there as soon as anything was read, and stays while the sink takes nothing', async () => {
    const { positions, place } = await positionsOf({});
    const { dispatcher, clock, sink } = dispatchTo({ positions });
    sink.otherwise = new UnavailableError('down');
    const log = new FakeWorkloadLog();
    log.append(...numbered(8));
    log.letGo(2n);
    followLog(dispatcher, 'web', log);
    await clock.advance(60_000);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 2n });
  });

  it('goes beyond lines that were refused once the sink was told so', async () => {
    const { positions, place } = await positionsOf({});
    const { dispatcher, clock, sink } = dispatchTo({ positions });
    sink.answers.push(new InvalidSpecError('no such record'));
    const [log, other] = [new FakeWorkloadLog(), new FakeWorkloadLog()];
    log.append('bad', 'bad');
    followLog(dispatcher, 'web', log);
    await clock.advance(60_000);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 0n });
    other.append('from another log');
    followLog(dispatcher, 'other', other);
    await clock.advance(20);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 2n });
  });

  it('is before a record whose last part the sink does not have', async () => {
    const { positions, place } = await positionsOf({});
    const { dispatcher, clock } = dispatchTo({ positions });
    const log = new FakeWorkloadLog();
    log.append('one');
    log.appendPart('a part of a line that goes on in the next record', 2n, true);
    log.appendPart('large '.repeat(100_000), 3n, true);
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 2n });
    log.appendPart('larger', 3n, false);
    log.appendPart('a part of a line that goes on in the next record', 4n, true);
    await clock.advance(20);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 4n });
  });

  it('is held from the start on, before the workload is known', async () => {
    const { positions } = await positionsOf({ web: { logId: 'log-1', afterSequence: 41n } });
    const holder = new FakeLogHolder();
    const { dispatcher } = dispatchTo({ positions, named: { holder }, whenBehind: 'spill' });
    expect(holder.held).toEqual(new Map([['web', 42n]]));
    dispatcher.retain(web.kind, []);
    expect(holder.held.size).toBe(0);
    expect(positions.size).toBe(0);
  });

  it('goes with the workload, once the rest of its log is delivered', async () => {
    const { positions, place } = await positionsOf({});
    const { dispatcher, clock, sink } = dispatchTo({ positions });
    const log = new FakeWorkloadLog();
    log.append('one');
    followLog(dispatcher, 'web', log);
    await clock.advance(20);
    sink.answers.push(new UnavailableError('down'));
    log.append('two');
    log.remove();
    dispatcher.forget(web);
    await clock.advance(50);
    expect(place('web')).toEqual({ logId: 'log-1', afterSequence: 1n });
    await clock.advance(1000);
    expect(sink.lines).toEqual(['one', 'two']);
    expect(place('web')).toBeUndefined();
  });
});

describe('a log that cannot be read', () => {
  it('is tried again with backoff, holds up no other, and is no fault of the sink', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const [bad, good] = [new FakeWorkloadLog(), new FakeWorkloadLog()];
    bad.failures.push(new UnavailableError('the disk is away'), new Error('odd'));
    bad.append('late');
    good.append('at once');
    followLog(dispatcher, 'bad', bad);
    followLog(dispatcher, 'good', good);
    await clock.advance(20);
    expect(sink.lines).toEqual(['at once']);
    const [status] = dispatcher.status();
    expect(status?.unreadableLogs).toEqual({ count: 1, example: 'executable/bad: the disk is away' });
    expect(status && logSinkStatus(status).health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_SERVING,
      reason: 'Logs that cannot be read: 1, such as executable/bad: the disk is away',
    });
    await clock.advance(80 + 199);
    expect(bad.opened).toHaveLength(2);
    await clock.advance(1 + 20);
    expect(sink.lines).toEqual(['at once', 'late']);
    expect(dispatcher.status()[0]).toMatchObject({ unreadableLogs: undefined, retries: 0 });
  });

  it('in the middle is read on from there', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    log.append(...numbered(300));
    let isFirst = true;
    dispatcher.followWorkload(web, async function* (place, signal) {
      for await (const batch of log.open(place, signal)) {
        if (!isFirst && batch.items[0]?.sequence === 257n && log.opened.length < 3) throw new Error('torn');
        isFirst = false;
        yield batch;
      }
    });
    await clock.advance(1000);
    expect(sink.lines).toEqual(numbered(300));
    expect(log.opened.map(({ afterSequence }) => afterSequence)).toEqual([0n, 256n, 256n]);
  });

  it('since it is gone is told, and forgotten', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    log.failures.push(new UnavailableError('away'));
    log.append('never seen');
    followLog(dispatcher, 'web', log);
    await quiet();
    log.remove();
    await clock.advance(1000);
    expect(sink.lines).toEqual([
      'Lines may have been lost here: the log was removed before the log sink had all of it',
    ]);
    expect(dispatcher.status()[0]).toMatchObject({ unreadableLogs: undefined });
    expect(log.opened).toHaveLength(2);
  });
});

describe('a workload that is forgotten', () => {
  it('is read to its end, and whatever gets its name next is read from the beginning', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    followLog(dispatcher, 'web', log);
    log.append('one', 'two');
    await clock.advance(20);
    log.append('last words');
    log.remove();
    dispatcher.forget(web);
    await clock.advance(20);
    const next = new FakeWorkloadLog('log-2');
    next.append('another log');
    followLog(dispatcher, 'web', next);
    await clock.advance(20);
    expect(sink.lines).toEqual(['one', 'two', 'last words', 'another log']);
    expect(next.opened).toEqual([{ logId: '', afterSequence: 0n }]);
  });

  it('and followed again before its end was read is another one after it', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const [log, next] = [new FakeWorkloadLog(), new FakeWorkloadLog('log-2')];
    followLog(dispatcher, 'web', log);
    await quiet();
    log.append('last words');
    log.remove();
    dispatcher.forget(web);
    next.append('another log');
    followLog(dispatcher, 'web', next);
    await clock.advance(20);
    expect(sink.lines).toEqual(['last words', 'another log']);
  });

  it('by not being named among those that are known goes, others stay', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const [web1, db] = [new FakeWorkloadLog('web'), new FakeWorkloadLog('db')];
    for (const [name, log] of [['web', web1] as const, ['db', db] as const]) {
      log.append(`from ${name}`);
      log.end();
      followLog(dispatcher, name, log);
    }
    await clock.advance(20);
    dispatcher.retain(meta.WorkloadKind.WORKLOAD_KIND_CONTAINER, []);
    dispatcher.retain(meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, ['db']);
    for (const [name, log] of [['web', web1] as const, ['db', db] as const]) followLog(dispatcher, name, log);
    await clock.advance(20);
    expect(sink.lines).toEqual(['from web', 'from db', 'from web']);
  });
});

it('a log that was begun anew is read from its beginning, and the rest of the one before is told as lost', async () => {
  const { dispatcher, clock, sink } = dispatchTo();
  const log = new FakeWorkloadLog();
  log.append('one', 'two');
  log.end();
  followLog(dispatcher, 'web', log);
  await clock.advance(20);
  log.beginAnew('log-2');
  log.append('new one', 'new two', 'new three');
  log.letGo(2n);
  followLog(dispatcher, 'web', log);
  await clock.advance(20);
  expect(sink.lines).toEqual([
    'one',
    'two',
    '2 lines were lost here: the log was begun anew before the log sink had all of the one before',
    'new three',
  ]);
});

describe('reading ahead', () => {
  it('is no more than one write of the sink while it takes nothing', async () => {
    const { dispatcher, clock, sink } = dispatchTo({ maximumBatchItems: 100 });
    sink.otherwise = 'hang';
    const log = new FakeWorkloadLog('log-1', 50);
    log.append(...numbered(10_000));
    followLog(dispatcher, 'web', log);
    await clock.advance(500);
    // What is being written, and as much again.
    expect(dispatcher.status()[0]?.pendingRecords).toBe(200);
  });

  it('is bounded for all logs together, and each is delivered whole and in order all the same', async () => {
    const { dispatcher, clock, sink } = dispatchTo({ maximumBatchBytes: 1024 * 1024, writeTimeoutMs: 3_600_000 });
    sink.answers.push('hang');
    const logs = Array.from({ length: 300 }, (_, index) => new FakeWorkloadLog(`log-${index}`, 5));
    const text = 'x'.repeat(20_000);
    for (const [index, log] of logs.entries()) followLog(dispatcher, `workload-${index}`, log);
    for (let rounds = 0; rounds < 20 && logs.some((log) => log.openStreams === 0); rounds++) await quiet();
    for (const [index, log] of logs.entries()) {
      log.append(...Array.from({ length: 10 }, (_, line) => `${index} ${line} ${text}`));
      log.end();
    }
    await clock.advance(1000);
    expect(logs.filter((log) => log.openStreams === 0).length).toBeGreaterThan(100);
    const waitingBytes = (dispatcher.status()[0]?.pendingRecords ?? 0) * text.length;
    expect(waitingBytes).toBeGreaterThan(4_000_000);
    expect(waitingBytes).toBeLessThan(12_000_000);
    await clock.advance(3_600_000);
    for (let rounds = 0; rounds < 400 && sink.lines.length < 3000; rounds++) await clock.advance(100);
    for (const index of logs.keys()) {
      const lines = sink.lines.filter((line) => line.startsWith(`${index} `)).map((line) => Number(line.split(' ')[1]));
      expect(lines).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(logs.some((log) => log.opened.length > 1)).toBe(true);
    expect(dispatcher.status()[0]).toMatchObject({ writtenRecords: 3000, droppedRecords: 0, pendingRecords: 0 });
  });

  it('goes on in the middle of a record whose parts have one sequence number', async () => {
    const { dispatcher, clock, sink } = dispatchTo();
    const log = new FakeWorkloadLog();
    const [large, larger, rest] = ['a', 'b', 'c'].map((letter) => letter.repeat(100_000)) as [string, string, string];
    log.append('one');
    log.appendPart(large, 2n, true);
    log.appendPart(larger, 2n, true);
    let isTorn = false;
    dispatcher.followWorkload(web, async function* (place, signal) {
      for await (const batch of log.open(place, signal)) {
        yield batch;
        if (!isTorn) {
          isTorn = true;
          throw new Error('torn');
        }
      }
    });
    await quiet();
    log.appendPart(rest, 2n, false);
    log.append('three');
    await clock.advance(1000);
    expect(sink.lines).toEqual(['one', large, larger, rest, 'three']);
    expect(log.opened.map(({ afterSequence }) => afterSequence)).toEqual([0n, 1n]);
  });
});

it('a refused batch is told in the log that it came from, before anything else of it', async () => {
  const { dispatcher, clock, sink } = dispatchTo();
  const [webLog, dbLog] = [new FakeWorkloadLog(), new FakeWorkloadLog()];
  webLog.append('bad', 'bad');
  dbLog.append('bad');
  sink.answers.push(new InvalidSpecError('no such record'));
  followLog(dispatcher, 'web', webLog);
  followLog(dispatcher, 'db', dbLog);
  await clock.advance(20);
  webLog.append('good');
  await clock.advance(20);
  expect(sink.batches.flat().map(({ workload, item }) => [workload?.name, item?.line])).toEqual([
    ['web', '2 lines were lost here: the log sink refused them'],
    ['db', '1 line was lost here: the log sink refused them'],
    ['web', 'good'],
  ]);
  expect(dispatcher.status()[0]).toMatchObject({ droppedRecords: 3, pendingRecords: 0 });
});

it('closing reads no more, delivers what was read, and closes every stream', async () => {
  const { dispatcher, clock, sink } = dispatchTo();
  const logs = [new FakeWorkloadLog(), new FakeWorkloadLog()];
  for (const [index, log] of logs.entries()) {
    log.append(...numbered(100));
    followLog(dispatcher, `workload-${index}`, log);
  }
  await quiet();
  await dispatcher.close();
  expect(logs.map((log) => log.openStreams)).toEqual([0, 0]);
  expect(sink.lines).toHaveLength(200);
  expect(sink.flushes).toBe(1);
  logs[0]?.append('too late');
  followLog(dispatcher, 'workload-0', logs[0] as FakeWorkloadLog);
  await clock.advance(1000);
  expect(sink.lines).toHaveLength(200);
});

it('a stream that does not heed its signal does not keep the dispatcher from closing', async () => {
  const clock = new ManualClock();
  const dispatcher = new LogDispatcher({ sinks: [{ name: 'fake', sink: new FakeLogSink() }], clock });
  dispatcher.followWorkload(web, () => ({
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  }));
  await quiet();
  const closed = dispatcher.close();
  await clock.advance(1000);
  expect(await closed).toHaveLength(1);
});
