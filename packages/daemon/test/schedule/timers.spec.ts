import { runtime } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { cron, everyMs, executable, key, restartOnFailure } from './fakes/specs.js';
import { VirtualClock } from './virtual-clock.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const { MISSED_RUNS_RUN_ONCE, MISSED_RUNS_SKIP } = runtime.MissedRuns;

function nodeAtNoon(): Promise<EngineHarness> {
  return startHarness({ clock: new VirtualClock(Date.parse('2024-05-05T12:00Z')) });
}

function job(timer: runtime.Timer, parts = {}) {
  return executable('job', { ...parts, criteria: { timer } });
}

async function runFor(node: EngineHarness, milliseconds: number): Promise<void> {
  const until = node.clock.monotonic() + milliseconds;
  while (node.clock.monotonic() < until) {
    await node.advance(minuteMs);
    if (node.driver.running.has('job')) node.driver.end('job');
    await node.settle();
  }
}

describe('a workload with a timer', () => {
  test('waits for it, and tells the moment', async () => {
    const node = await nodeAtNoon();
    expect(await node.enable(job(cron('30 * * * *')))).toBe('next start at 2024-05-05T12:30:00.000Z');
    expect(node.driver.starts).toEqual([]);
    expect(node.statusOf('job')).toBe('STANDBY');
    await node.advance(30 * minuteMs);
    expect(node.statusOf('job')).toBe('ACTIVE');
    node.driver.end('job');
    await node.settle();
    expect(node.show('job')).toMatchObject({ message: 'waits for its timer', lastExit: { exitCode: '0' } });
  });

  test.each([
    ['cron', cron('*/10 * * * *')],
    ['interval', everyMs(10 * minuteMs)],
  ])('by %s runs each time', async (_, timer) => {
    const node = await nodeAtNoon();
    await node.enable(job(timer));
    await runFor(node, hourMs);
    expect(node.driver.starts).toHaveLength(6);
    expect(node.show('job').restarts).toBe(0);
  });

  test('leaves out what comes due while it runs, and notes it', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('*/10 * * * *')));
    await node.advance(35 * minuteMs);
    expect(node.driver.starts).toHaveLength(1);
    expect(await node.historyMessages('job', 'missed')).toEqual([
      'its timer came due, and the run before goes on still',
      'its timer came due, and the run before goes on still',
    ]);
  });

  test('that fails is restarted by its policy, and then waits for its timer', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *'), { restart: { ...restartOnFailure, firstPauseMs: 1000 } }));
    await node.advance(hourMs);
    node.driver.end('job', { exitCode: '1' });
    await node.advance(1000);
    expect(node.driver.starts).toHaveLength(2);
    node.driver.end('job');
    await node.settle();
    expect(node.show('job')).toMatchObject({ message: 'waits for its timer', restarts: 1 });
  });

  test('that has failed for good is started by its timer nevertheless', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *')));
    await node.advance(hourMs);
    node.driver.end('job', { exitCode: '1' });
    await node.settle();
    expect(node.statusOf('job')).toBe('ERROR');
    await node.advance(hourMs);
    expect(node.statusOf('job')).toBe('ACTIVE');
  });

  test('that was stopped by hand runs when it is due', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *')));
    await node.advance(hourMs);
    node.driver.stopByHand('job');
    await node.settle();
    expect(node.statusOf('job')).toBe('STANDBY');
    await node.advance(hourMs);
    expect(node.driver.starts).toHaveLength(2);
  });

  test.each([
    ['left out', MISSED_RUNS_SKIP, 0, 'they are left out'],
    ['made up for by one', MISSED_RUNS_RUN_ONCE, 1, 'one is made now'],
  ])('has its starts during a downtime %s', async (_, missed, starts, what) => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *', missed)));
    await node.shutDown();
    await node.advance(5.5 * hourMs);
    await node.boot();
    await node.advance(0);
    expect(node.driver.starts).toHaveLength(starts);
    const told = await node.historyMessages('job', 'missed');
    expect(told).toEqual([`5 starts came due while nobody could make them, and ${what}`]);
  });

  test('keeps what it has dealt with through a kill', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *', MISSED_RUNS_RUN_ONCE)));
    await node.advance(hourMs);
    node.driver.end('job');
    await node.settle();
    node.kill();
    await node.boot();
    await node.advance(minuteMs);
    expect(node.driver.starts).toHaveLength(1);
    expect(node.store.progressOf(key('job'))?.lastDueMs).toBe(Date.parse('2024-05-05T13:00Z'));
  });

  test('is not started a second time by a restart of the daemon while it runs', async () => {
    const node = await nodeAtNoon();
    await node.enable(job(cron('0 * * * *', MISSED_RUNS_RUN_ONCE)));
    await node.advance(hourMs);
    await node.shutDown();
    await node.advance(hourMs + minuteMs);
    await node.boot();
    await node.advance(0);
    expect(node.driver.starts).toHaveLength(1);
    expect(node.statusOf('job')).toBe('ACTIVE');
  });

  test.each([
    ['an hour forward', hourMs],
    ['an hour back', -hourMs],
    ['a day forward', dayMs],
    ['a day back', -dayMs],
  ])('by an interval keeps its beat when the clock jumps by %s', async (_, jumpMs) => {
    const node = await nodeAtNoon();
    await node.enable(job(everyMs(10 * minuteMs)));
    await runFor(node, 25 * minuteMs);
    node.clock.jumpWall(jumpMs);
    await runFor(node, 35 * minuteMs);
    expect(node.driver.starts).toHaveLength(6);
  });

  test.each([
    ['an hour forward', hourMs, 5],
    ['a day forward', dayMs, 5],
    ['an hour back', -hourMs, 4],
    ['a day back', -dayMs, 5],
  ])(
    'by cron follows the clock when it jumps by %s, and repeats nothing after small ones',
    async (_, jumpMs, starts) => {
      const node = await nodeAtNoon();
      await node.enable(job(cron('0 * * * *')));
      await runFor(node, 2 * hourMs + 30 * minuteMs);
      expect(node.driver.starts).toHaveLength(2);
      node.clock.jumpWall(jumpMs);
      await runFor(node, 3 * hourMs);
      expect(node.driver.starts).toHaveLength(starts);
    },
  );

  test('goes by the clock of the node, and restarts do not', async () => {
    const node = await nodeAtNoon();
    await node.enable(executable('job', { restart: { ...restartOnFailure, firstPauseMs: 60_000 } }));
    node.driver.end('job', { exitCode: '1' });
    await node.settle();
    node.clock.jumpWall(dayMs);
    await node.advance(59_999);
    expect(node.driver.starts).toHaveLength(1);
    await node.advance(1);
    expect(node.driver.starts).toHaveLength(2);
  });

  test('waits for its dependencies when it is due', async () => {
    const node = await nodeAtNoon();
    await node.enable(executable('db'));
    await node.enable(
      executable('job', { criteria: { timer: cron('0 * * * *'), after: [{ workload: { name: 'db' } }] } }),
    );
    await node.disable('db');
    await node.advance(hourMs);
    expect(node.show('job').message).toBe('waits for "db", which is disabled');
    await node.enable(executable('db'));
    await node.settle();
    expect(node.driver.runningNames).toEqual(['db', 'job']);
  });
});
