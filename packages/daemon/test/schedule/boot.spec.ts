import { ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { markLabels } from '../../src/schedule/schedule-mark.js';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { execProbe, executable, key, restartAlways, restartOnFailure } from './fakes/specs.js';

async function bootAfter(node: EngineHarness, happen: () => void = () => {}): Promise<void> {
  node.kill();
  happen();
  await node.boot();
}

describe('a daemon that starts anew', () => {
  test('takes on what runs, as it is', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await node.advance(5000);
    const before = node.show('web');
    await node.restart();
    expect(node.driver.starts).toHaveLength(1);
    expect(node.driver.stops).toEqual([]);
    expect(node.show('web')).toEqual(before);
    expect((await node.historyOf('web')).at(-1)).toBe('adopted');
  });

  test('tells how a run ended while it was down, once', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await bootAfter(node, () => node.driver.end('web', { exitCode: '9' }));
    expect(node.show('web').lastExit).toMatchObject({ exitCode: '9' });
    node.driver.end('web', { exitCode: '0' });
    await node.settle();
    await node.restart();
    expect(await node.historyMessages('web', 'ended')).toEqual([
      'exited with 9, while the daemon was down',
      'exited with 0',
    ]);
  });

  test('knows how long what it takes on has run', async () => {
    const node = await startHarness();
    const spec = executable('web', { restart: { ...restartOnFailure, maxRestarts: 1, stableAfterMs: 10_000 } });
    await node.enable(spec);
    await node.advance(60_000);
    await node.restart();
    for (let round = 0; round < 2; round++) {
      node.driver.end('web', { exitCode: '1' });
      await node.advance(100);
    }
    expect(node.statusOf('web')).toBe('ERROR');
  });

  test('starts what is enabled and has gone meanwhile, whatever the policy', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await bootAfter(node, () => node.driver.end('web'));
    expect(node.driver.runningNames).toEqual(['web']);
    expect(node.statusOf('web')).toBe('ACTIVE');
  });

  test('starts what was stopped by hand before', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartAlways }));
    node.driver.stopByHand('web');
    await node.settle();
    await node.restart();
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('leaves down what is disabled, and ends what of it still runs', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.holdStop('web');
    void node.disable('web').catch(() => undefined);
    await node.settle();
    node.driver.forgetFailures();
    await bootAfter(node);
    expect(node.driver.runningNames).toEqual([]);
    expect(node.statusOf('web')).toBe('PASSIVE');
  });

  test('ends what is no longer scheduled, also when that fails at first', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await bootAfter(node, () => {
      void node.store.commit([{ kind: 'delete', key: key('web') }]);
      node.driver.failStop('web', () => new UnavailableError('the shim does not answer'), 3);
    });
    expect(node.driver.runningNames).toEqual(['web']);
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual([]);
  });

  test('has what is enabled take the place of what is no longer scheduled and could not be ended', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await bootAfter(node, () => {
      void node.store.commit([{ kind: 'delete', key: key('web') }]);
      node.driver.failStop('web', () => new UnavailableError('the shim does not answer'));
    });
    expect(await node.enable(executable('web'))).toBe('runs as pid 102');
    await node.advance(60_000);
    expect(node.driver.running.get('web')?.pid).toBe(102);
  });

  test('replaces what runs by another decision', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    const spec = executable('web', { command: 'other' });
    await bootAfter(node, () => {
      const entry = { key: key('web'), spec, enabled: true, revision: 9, decidedAtMs: 0 };
      void node.store.commit([{ kind: 'put', entry }]);
    });
    expect(node.driver.running.get('web')?.mark?.revision).toBe(9);
  });

  test('leaves alone what the schedule of another store, or nobody, has started', async () => {
    const node = await startHarness();
    node.driver.startForeign('of-other', markLabels({ store: 'other', revision: 1, run: 'r' }));
    node.driver.startForeign('of-nobody');
    await node.restart();
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual(['of-nobody', 'of-other']);
    expect(node.driver.stops).toEqual([]);
    await expect(node.enable(executable('of-other'))).rejects.toThrow('started without the schedule');
  });

  test('waits for a name that somebody else has taken, and starts as soon as it is free', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await bootAfter(node, () => {
      node.driver.end('web');
      node.driver.startForeign('web');
    });
    expect(node.show('web').message).toContain('one of that name to end');
    node.driver.end('web');
    await node.settle();
    expect(node.driver.running.get('web')?.mark).toBeDefined();
  });

  test('takes back what was on trial, with the run of it', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.store.nextCommits.push('ok');
    const release = node.driver.holdStop('web');
    void node.enable(executable('web', { command: 'other' })).catch(() => undefined);
    await node.settle();
    expect(node.store.onTrial).toEqual(['web']);
    await bootAfter(node, release);
    expect(node.store.entries).toMatchObject([{ revision: 1 }]);
    expect(node.driver.running.get('web')?.mark?.revision).toBe(1);
  });

  test('never gives a revision twice', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await node.destroy('web');
    await node.restart();
    await node.enable(executable('web'));
    expect(node.show('web').revision).toBe(2n);
  });

  test('has ten thousand that all run known at once, without a start', async () => {
    const node = await startHarness();
    const specs = Array.from({ length: 10_000 }, (_, index) => executable(`w${index}`));
    await node.apply(specs);
    expect(node.driver.running.size).toBe(10_000);
    await node.restart();
    expect(node.driver.starts).toHaveLength(10_000);
    expect(node.engine.supervisor.all().every(({ isReady }) => isReady)).toBe(true);
  });

  test('ends without waiting for a backend that is away', async () => {
    const node = await startHarness();
    node.driver.isDown = true;
    node.driver.cutStreams();
    await node.settle();
    await node.shutDown();
    expect(node.clock.waiting).toBe(0);
  });
});

describe('a backend that is lost from sight', () => {
  test('tells how a run ended meanwhile', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: { ...restartOnFailure, firstPauseMs: 1000 } }));
    node.driver.cutStreams();
    node.driver.end('web', { signal: 9 });
    await node.settle();
    expect(node.statusOf('web')).toBe('ACTIVE');
    await node.advance(100);
    expect(node.show('web').lastExit).toMatchObject({ signal: 9, exitCode: '137' });
    await node.advance(1000);
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('that has forgotten a run leaves its end unknown, which counts as failed', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartOnFailure }));
    node.driver.cutStreams();
    node.driver.end('web');
    node.driver.ended.clear();
    await node.advance(100);
    expect(node.show('web').lastExit).toMatchObject({ exitCode: '' });
    await node.advance(100);
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('keeps a run that lasts', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { criteria: { liveness: execProbe('alive?') } }));
    for (let round = 0; round < 3; round++) await node.cutStreams();
    expect(node.driver.starts).toHaveLength(1);
    expect(await node.historyOf('web')).toEqual(['enabled', 'started']);
  });

  test('starts nothing until it is back, and says so', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.kill();
    node.driver.end('web');
    node.driver.isDown = true;
    await node.boot();
    await node.advance(1000);
    expect(node.show('web').message).toBe('waits for its backend: The backend does not answer');
    await expect(node.enable(executable('other'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    expect(await node.disable('web')).toBe('is disabled');
    node.driver.isDown = false;
    await node.enable(executable('web'));
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('has what was destroyed meanwhile ended as soon as it is back', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.isDown = true;
    node.driver.cutStreams();
    await node.settle();
    await node.destroy('web').catch(() => undefined);
    node.driver.isDown = false;
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual([]);
    expect(node.engine.supervisor.get(key('web'))).toBeUndefined();
  });
});

describe('a start whose answer is lost', () => {
  test('is taken on when its event comes, and nothing is started twice', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartOnFailure }));
    node.driver.end('web', { exitCode: '1' });
    await node.settle();
    node.driver.startTelling = 'lost';
    await node.advance(100);
    node.driver.startTelling = 'answer-first';
    await node.advance(60_000);
    expect(node.driver.starts).toHaveLength(2);
    expect(node.show('web')).toMatchObject({ nextStartAtMs: 0n, ready: true });
  });

  test('is taken on also when the event comes while another start is under way', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartOnFailure }));
    node.driver.end('web', { exitCode: '1' });
    await node.settle();
    node.driver.holdEvents();
    node.driver.startTelling = 'lost';
    await node.advance(100);
    node.driver.startTelling = 'answer-first';
    await node.advance(99);
    const release = node.driver.holdStarts();
    await node.advance(1);
    node.driver.releaseEvents();
    await node.settle();
    release();
    await node.advance(60_000);
    expect(node.driver.running.size).toBe(1);
    expect(node.statusOf('web')).toBe('ACTIVE');
    await node.disable('web');
    expect(node.driver.runningNames).toEqual([]);
  });

  test('of an enable leaves nothing that runs', async () => {
    const node = await startHarness();
    node.driver.startTelling = 'lost';
    node.driver.holdEvents();
    await expect(node.enable(executable('web'))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    node.driver.releaseEvents();
    await node.settle();
    expect(node.driver.runningNames).toEqual([]);
    expect(node.store.entries).toEqual([]);
  });

  test('may be told of before it is answered', async () => {
    const node = await startHarness();
    node.driver.startTelling = 'event-first';
    expect(await node.enable(executable('web'))).toBe('runs as pid 101');
    expect(await node.historyOf('web')).toEqual(['enabled', 'started']);
  });

  test('of something that ends at once is followed by its policy', async () => {
    const node = await startHarness();
    node.driver.startTelling = 'event-first';
    node.driver.onStart = ({ name }) => queueMicrotask(() => node.driver.end(name, { exitCode: '3' }));
    expect(await node.enable(executable('web'))).toBe('stays down: it exited with 3');
    expect(node.statusOf('web')).toBe('ERROR');
  });
});

test('a shortage at boot passes', async () => {
  const node = await startHarness();
  await node.enable(executable('web'));
  await bootAfter(node, () => {
    node.driver.end('web');
    node.driver.failStart('web', () => new ResourceExhaustedError('no more processes'), 5);
  });
  expect(node.statusOf('web')).toBe('STANDBY');
  await node.advance(60_000);
  expect(node.statusOf('web')).toBe('ACTIVE');
  expect(await node.historyMessages('web', 'started')).toEqual(['enabled', 'started with the daemon']);
});

test('a shortage that lasts is asked about ever less often', async () => {
  const node = await startHarness();
  await node.enable(executable('web'));
  await bootAfter(node, () => {
    node.driver.end('web');
    node.driver.failStart('web', () => new ResourceExhaustedError('no more processes'), Number.POSITIVE_INFINITY);
  });
  const pauses: number[] = [];
  for (let round = 0; round < 12; round++) {
    const pauseMs = Number(node.show('web').nextStartAtMs) - node.clock.now();
    pauses.push(pauseMs);
    await node.advance(pauseMs);
  }
  expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
  expect(pauses.at(-1)).toBe(30_000);
});
