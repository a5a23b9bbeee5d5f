import { FailedPreconditionError, ResourceExhaustedError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { execProbe, executable, restartAlways, restartOnFailure } from './fakes/specs.js';

const policy = { firstPauseMs: 1000, longestPauseMs: 8000, stableAfterMs: 60_000 };
const onFailure = executable('web', { restart: { ...restartOnFailure, ...policy } });

/** How long it takes until it runs again. */
async function pauseBeforeRestart(node: EngineHarness): Promise<number> {
  const from = node.clock.monotonic();
  await node.settle();
  while (!node.driver.running.has('web') && node.clock.nextInMs !== undefined) await node.advance(node.clock.nextInMs);
  return node.clock.monotonic() - from;
}

describe('what follows an end by itself', () => {
  test.each([
    ['never', undefined, { exitCode: '1' }, false, 'ERROR'],
    ['never', undefined, { exitCode: '0' }, false, 'COMPLETE'],
    ['on-failure', restartOnFailure, { exitCode: '0' }, false, 'COMPLETE'],
    ['on-failure', restartOnFailure, { exitCode: '1' }, true, 'ACTIVE'],
    ['on-failure', restartOnFailure, { signal: 9 }, true, 'ACTIVE'],
    ['on-failure', restartOnFailure, { signal: 9, outOfMemory: true }, true, 'ACTIVE'],
    ['on-failure', restartOnFailure, { exitCode: '' }, true, 'ACTIVE'],
    ['always', restartAlways, { exitCode: '0' }, true, 'ACTIVE'],
    ['always', restartAlways, { exitCode: '1' }, true, 'ACTIVE'],
    ['always', restartAlways, { signal: 15, stopped: true }, false, 'COMPLETE'],
  ])('by the policy %s (%o) after %o: again is %s', async (_, restart, how, isAgain, status) => {
    const node = await startHarness();
    await node.enable(executable('web', restart ? { restart } : {}));
    node.driver.end('web', how);
    await node.advance(1000);
    expect(node.driver.starts).toHaveLength(isAgain ? 2 : 1);
    expect(node.statusOf('web')).toBe(status);
    expect(node.show('web').restarts).toBe(isAgain ? 1 : 0);
  });

  test('says how it ended', async () => {
    const node = await startHarness();
    await node.enable(onFailure);
    node.driver.end('web', { signal: 9, outOfMemory: true });
    await node.settle();
    expect(node.show('web')).toMatchObject({
      message: 'restarted by its policy: it was ended by the out-of-memory killer',
      lastExit: { exitCode: '137', signal: 9, outOfMemory: true },
    });
    expect(await node.historyOf('web')).toEqual(['enabled', 'started', 'ended', 'restarting']);
    expect(await node.historyMessages('web', 'restarting')).toEqual([
      'restarted by its policy: it was ended by the out-of-memory killer; next start in 1 s',
    ]);
  });
});

describe('pauses', () => {
  test('double up to the longest, and begin anew after a stable run', async () => {
    const node = await startHarness();
    await node.enable(onFailure);
    const pauses: number[] = [];
    for (let round = 0; round < 5; round++) {
      node.driver.end('web', { exitCode: '1' });
      pauses.push(await pauseBeforeRestart(node));
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 8000]);
    await node.advance(59_999);
    node.driver.end('web', { exitCode: '1' });
    expect(await pauseBeforeRestart(node)).toBe(8000);
    await node.advance(60_000);
    node.driver.end('web', { exitCode: '1' });
    expect(await pauseBeforeRestart(node)).toBe(1000);
    expect(node.show('web').restarts).toBe(7);
  });

  test.each([
    [0, 1000],
    [0.5, 875],
    [1, 750],
  ])('are shortened by chance (%d), by a quarter at most', async (chance, pauseMs) => {
    const node = await startHarness({ random: () => chance });
    await node.enable(onFailure);
    node.driver.end('web', { exitCode: '1' });
    expect(await pauseBeforeRestart(node)).toBe(pauseMs);
  });

  test('are shown with the moment of the next start', async () => {
    const node = await startHarness();
    await node.enable(onFailure);
    node.driver.end('web', { exitCode: '1' });
    await node.settle();
    expect(node.statusOf('web')).toBe('STANDBY');
    expect(node.show('web').nextStartAtMs).toBe(BigInt(node.clock.now() + 1000));
    await node.advance(1000);
    expect(node.show('web').nextStartAtMs).toBe(0n);
  });

  test('cost one timer and nothing else', async () => {
    const node = await startHarness();
    await node.enable(onFailure);
    const waiting = node.clock.waiting;
    for (let round = 0; round < 20; round++) {
      node.driver.end('web', { exitCode: '1' });
      await node.settle();
      expect(node.clock.waiting).toBe(waiting + 1);
      await pauseBeforeRestart(node);
    }
    expect(node.clock.waiting).toBe(waiting);
  });
});

test('after so many restarts in a row it stays down, and says why', async () => {
  const node = await startHarness();
  await node.enable(executable('web', { restart: { ...restartAlways, ...policy, maxRestarts: 2 } }));
  for (let round = 0; round < 3; round++) {
    node.driver.end('web', { exitCode: '7' });
    await pauseBeforeRestart(node);
  }
  expect(node.statusOf('web')).toBe('ERROR');
  expect(node.show('web').message).toBe('2 restarts in a row did not help; it last exited with 7');
  expect((await node.historyOf('web')).at(-1)).toBe('gave-up');
  await node.advance(3_600_000);
  expect(node.driver.starts).toHaveLength(3);
});

describe('a restart that cannot be made', () => {
  test('counts as a failure when the workload itself is in the way', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: { ...restartOnFailure, ...policy, maxRestarts: 2 } }));
    node.driver.failStart('web', () => new FailedPreconditionError('no such program'), Number.POSITIVE_INFINITY);
    node.driver.end('web', { exitCode: '1' });
    await node.advance(60_000);
    expect(node.statusOf('web')).toBe('ERROR');
    expect(node.show('web').message).toBe(
      '2 restarts in a row did not help; it last could not be started: no such program',
    );
    expect(await node.historyMessages('web', 'start-failed')).toEqual(['no such program', 'no such program']);
  });

  test('is tried again for as long as the node is short of something, whatever the policy', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.enable(
      executable('web', { criteria: { after: [{ workload: { name: 'db' } }] }, restart: { maxRestarts: 1 } }),
    );
    await node.restart();
    node.driver.end('web', { exitCode: '0' });
    node.driver.end('db', { exitCode: '0' });
    await node.settle();
    node.driver.failStart('web', () => new ResourceExhaustedError('no more processes'), 20);
    await node.restart();
    expect(node.statusOf('web')).toBe('STANDBY');
    await node.advance(3_600_000);
    expect(node.statusOf('web')).toBe('ACTIVE');
    expect(await node.historyMessages('web', 'start-failed')).toHaveLength(20);
  });
});

describe('probes', () => {
  const criteria = {
    readiness: execProbe('ready?', { intervalMs: 100 }),
    readyWithinMs: 5000,
    liveness: execProbe('alive?', { intervalMs: 1000, failureThreshold: 2 }),
  };
  const spec = executable('web', { restart: { ...restartOnFailure, ...policy }, criteria });

  test('say when it is ready, and what is missing until then', async () => {
    const node = await startHarness();
    node.driver.execAnswer = () => 'no answer yet';
    await node.enable(spec);
    await node.advance(300);
    expect(node.show('web')).toMatchObject({ ready: false, message: 'not ready yet: no answer yet' });
    node.driver.execAnswer = () => undefined;
    await node.advance(100);
    expect(node.show('web')).toMatchObject({ ready: true, message: '' });
    expect((await node.historyOf('web')).at(-1)).toBe('ready');
  });

  test('end a run that is not ready in time, which counts as failed', async () => {
    const node = await startHarness();
    node.driver.execAnswer = () => 'no answer yet';
    await node.enable(spec);
    await node.advance(4999);
    expect(node.driver.stops).toEqual([]);
    await node.advance(1);
    expect(node.driver.stops).toEqual(['web']);
    expect(node.statusOf('web')).toBe('STANDBY');
    expect(node.show('web').message).toBe(
      'restarted by its policy: it was ended: it did not become ready within 5 s: no answer yet',
    );
    await node.advance(1000);
    expect(node.driver.starts).toHaveLength(2);
  });

  test('end a run that lives no more, which counts as failed', async () => {
    const node = await startHarness();
    await node.enable(spec);
    await node.advance(10_000);
    node.driver.execAnswer = ([question]) => (question === 'alive?' ? 'it hangs' : undefined);
    await node.advance(2000);
    expect(node.driver.stops).toEqual(['web']);
    expect(await node.historyMessages('web', 'unwell')).toEqual(['it hangs, 2 times in a row']);
    node.driver.execAnswer = () => undefined;
    await node.advance(1000);
    expect(node.show('web')).toMatchObject({ ready: true, restarts: 1 });
  });

  test('leave nothing behind when the workload is disabled', async () => {
    const node = await startHarness();
    node.driver.execAnswer = () => 'no answer yet';
    await node.enable(spec);
    await node.disable('web');
    await node.settle();
    expect(node.clock.waiting).toBe(0);
  });

  test('are not asked again for a run that was ready before the daemon started anew', async () => {
    const node = await startHarness();
    await node.enable(spec);
    await node.settle();
    expect(node.show('web').ready).toBe(true);
    const asked: string[] = [];
    node.driver.execAnswer = (argv) => void asked.push(...argv);
    await node.restart();
    expect(node.show('web').ready).toBe(true);
    await node.advance(1000);
    expect(asked).not.toContain('ready?');
  });
});
