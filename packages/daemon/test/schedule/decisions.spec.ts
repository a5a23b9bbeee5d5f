import { callContext, FailedPreconditionError, ResourceExhaustedError, runtime, UnavailableError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { isSameSpec } from '../../src/schedule/spec-parts.js';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { cron, executable, key, restartAlways, restartOnFailure } from './fakes/specs.js';

const refused = () => new FailedPreconditionError('the program "/bin/none" does not exist');
const unavailable = () => new UnavailableError('the shim does not answer');

/** What is stored is what is shown, and what runs is of the revision that is stored. */
function expectConsistent(node: EngineHarness): void {
  const shown = node.engine.supervisor.all().map(({ entry }) => entry);
  expect(node.store.entries).toEqual(shown.sort((one, other) => one.revision - other.revision));
  expect(node.store.onTrial).toEqual([]);
  expect(node.store.forgottenHistory).toEqual([]);
  for (const run of node.driver.running.values()) {
    if (!run.mark) continue;
    const entry = node.store.entries.find((one) => one.key.name === run.name);
    expect(entry, `an entry of "${run.name}", which runs`).toMatchObject({
      enabled: true,
      revision: run.mark.revision,
    });
  }
}

describe('enable', () => {
  test('keeps the workload, starts it and says so', async () => {
    const node = await startHarness();
    expect(await node.enable(executable('web'))).toBe('runs as pid 101');
    expect(node.driver.runningNames).toEqual(['web']);
    expect(node.show('web')).toMatchObject({
      enabled: true,
      ready: true,
      restarts: 0,
      revision: 1n,
      proc: { pid: 101 },
    });
    expect(node.statusOf('web')).toBe('ACTIVE');
    expect(await node.historyOf('web')).toEqual(['enabled', 'started']);
    expectConsistent(node);
  });

  test('hands the backend neither restart policy nor criteria, and marks the run', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartAlways, criteria: {}, labels: { tier: 'front' } }));
    const [run] = node.driver.starts;
    expect(run?.spec.value.restart).toBeUndefined();
    expect(run?.spec.value.criteria).toBeUndefined();
    expect(run?.spec.value.labels).toMatchObject({ tier: 'front' });
    expect(run?.mark).toMatchObject({ store: 'store-1', revision: 1 });
  });

  test('of the same again changes nothing', async () => {
    const node = await startHarness();
    const spec = executable('web', { env: { A: '1', B: '2' } });
    await node.enable(spec);
    const commits = node.store.commits;
    expect(await node.enable(executable('web', { env: { B: '2', A: '1' } }))).toBe('runs as pid 101');
    expect(node.driver.starts).toHaveLength(1);
    expect(node.store.commits).toBe(commits);
  });

  test('finds the workload of an early client by its command, for every verb', async () => {
    const node = await startHarness();
    const spec = { $case: 'executable' as const, value: runtime.Executable.fromPartial({ command: 'sleep 100' }) };
    await node.enable(spec);
    await node.enable(spec);
    expect(node.driver.starts.map(({ name }) => name)).toEqual(['sleep 100']);
    expect(await node.disable('sleep 100')).toBe('is disabled');
    expect(node.driver.runningNames).toEqual([]);
    expect(await node.destroy('sleep 100')).toBe('is destroyed');
    expect(node.store.entries).toEqual([]);
  });

  test('of another spec takes the place of what runs', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    expect(await node.enable(executable('web', { command: 'run web --fast' }))).toBe('runs as pid 102');
    expect(node.driver.startsOf('web').map(({ mark }) => mark?.revision)).toEqual([1, 2]);
    expect(node.driver.runningNames).toEqual(['web']);
    expect(await node.historyOf('web')).toEqual(['enabled', 'started', 'enabled', 'ended', 'started']);
    expectConsistent(node);
  });

  test('refuses what the backend would not start, and leaves nothing', async () => {
    const node = await startHarness();
    node.driver.refusals.set('web', 'the program "none" does not exist');
    await expect(node.enable(executable('web'))).rejects.toThrow(
      'Cannot enable "web": the program "none" does not exist',
    );
    expect(node.store.commits).toBe(0);
    expect(node.driver.starts).toEqual([]);
  });

  test.each([
    ['a label of the daemon', executable('web', { labels: { 'aurae.schedule': 'x' } }), 'aurae.'],
    [
      'a policy of always with a timer',
      executable('web', { restart: restartAlways, criteria: { timer: cron('* * * * *') } }),
      'with a timer',
    ],
    ['a readiness limit without a probe', executable('web', { criteria: { readyWithinMs: 5 } }), 'no readiness probe'],
    [
      'a first pause above the longest',
      executable('web', { restart: { firstPauseMs: 9, longestPauseMs: 8 } }),
      'longer than the longest',
    ],
    ['a pause of more than a day', executable('web', { restart: { longestPauseMs: 86_400_001 } }), 'longest_pause_ms'],
    ['a restart mode that there is not', executable('web', { restart: { mode: 9 as never } }), 'no restart mode'],
    ['no name and no command', executable('', { command: '' }), 'neither a name nor a command'],
    ['a cron line that is wrong', executable('web', { criteria: { timer: cron('61 * * * *') } }), '61'],
  ])('refuses %s', async (_, spec, message) => {
    const node = await startHarness();
    await expect(node.enable(spec)).rejects.toThrow(message);
    expect(node.store.commits).toBe(0);
  });

  test('that fails at the start leaves nothing of a new one', async () => {
    const node = await startHarness();
    node.driver.failStart('web', refused);
    await expect(node.enable(executable('web'))).rejects.toThrow(
      'Cannot enable "web": the program "/bin/none" does not exist',
    );
    expect(node.store.entries).toEqual([]);
    expect(node.engine.supervisor.all()).toEqual([]);
    expectConsistent(node);
    expect(await node.enable(executable('web'))).toBe('runs as pid 101');
  });

  test('that fails at the start has the one before run again', async () => {
    const node = await startHarness();
    const old = executable('web', { restart: { ...restartOnFailure, firstPauseMs: 1000 } });
    await node.enable(old);
    node.driver.end('web', { exitCode: '1' });
    await node.advance(1000);
    expect(node.show('web').restarts).toBe(1);
    node.driver.failStart('web', refused);
    await expect(node.enable(executable('web', { command: 'none' }))).rejects.toThrow(FailedPreconditionError);
    await node.settle();
    expect(node.driver.running.get('web')?.mark?.revision).toBe(1);
    expect(node.show('web')).toMatchObject({ revision: 1n, restarts: 1 });
    expect(isSameSpec(node.store.entries[0]?.spec ?? old, old)).toBe(true);
    expectConsistent(node);
  });

  test.each([
    ['has ended', (node: EngineHarness) => node.driver.end('web'), 'COMPLETE'],
    ['has failed', (node: EngineHarness) => node.driver.end('web', { exitCode: '3' }), 'ERROR'],
    ['was stopped by hand', (node: EngineHarness) => node.driver.stopByHand('web'), 'COMPLETE'],
  ])('that fails at the start does not run again what %s before', async (_, happen, status) => {
    const node = await startHarness();
    await node.enable(executable('web'));
    happen(node);
    await node.settle();
    const before = node.show('web');
    expect(node.statusOf('web')).toBe(status);
    node.driver.failStart('web', refused);
    await expect(node.enable(executable('web', { command: 'none' }))).rejects.toThrow(FailedPreconditionError);
    await node.settle();
    expect(node.show('web')).toEqual(before);
    expect(node.driver.runningNames).toEqual([]);
    expectConsistent(node);
  });

  test('that fails at the start keeps the beat of the timer before, and makes up for no start', async () => {
    const node = await startHarness();
    const timer = cron('0 * * * *', runtime.MissedRuns.MISSED_RUNS_RUN_ONCE);
    await node.enable(executable('job', { criteria: { timer } }));
    await node.advance(2.5 * 3_600_000);
    expect(node.driver.starts).toHaveLength(1);
    node.driver.end('job');
    await node.settle();
    node.driver.failStart('job', refused);
    await expect(node.enable(executable('job', { command: 'none' }))).rejects.toThrow(FailedPreconditionError);
    await node.advance(1000);
    expect(node.driver.starts).toHaveLength(1);
    await node.advance(3_600_000);
    expect(node.driver.starts).toHaveLength(2);
  });

  test('that fails leaves a disabled one disabled', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await node.disable('web');
    node.driver.failStart('web', refused);
    await expect(node.enable(executable('web'))).rejects.toThrow(FailedPreconditionError);
    expect(node.statusOf('web')).toBe('PASSIVE');
    expect(node.store.entries).toMatchObject([{ enabled: false, revision: 1 }]);
    expectConsistent(node);
  });

  test('tries again what has failed, and then counts from the beginning', async () => {
    const node = await startHarness();
    const spec = executable('web', { restart: { ...restartOnFailure, maxRestarts: 1, firstPauseMs: 1000 } });
    await node.enable(spec);
    for (let round = 0; round < 2; round++) {
      node.driver.end('web', { exitCode: '1' });
      await node.advance(1000);
    }
    expect(node.statusOf('web')).toBe('ERROR');
    await node.enable(spec);
    expect(node.statusOf('web')).toBe('ACTIVE');
    node.driver.end('web', { exitCode: '1' });
    await node.advance(1000);
    expect(node.statusOf('web')).toBe('ACTIVE');
  });

  test.each([
    ['has ended', (node: EngineHarness) => node.driver.end('web')],
    ['was stopped by hand', (node: EngineHarness) => node.driver.stopByHand('web')],
  ])('starts again what %s', async (_, happen) => {
    const node = await startHarness();
    await node.enable(executable('web'));
    happen(node);
    await node.settle();
    expect(await node.enable(executable('web'))).toBe('runs as pid 102');
    expect(node.store.entries).toMatchObject([{ revision: 1 }]);
  });

  test('of what has failed, when it fails again, says why and stays as it was decided', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.end('web', { exitCode: '1' });
    await node.settle();
    node.driver.failStart('web', refused);
    await expect(node.enable(executable('web'))).rejects.toThrow('does not exist');
    expect(node.statusOf('web')).toBe('ERROR');
    expectConsistent(node);
  });

  test('again goes on for a caller who has gone, or was not begun', async () => {
    const seen = new Set<string>();
    for (let moment = 0; moment < 40; moment++) {
      const node = await startHarness();
      await node.enable(executable('web'));
      node.driver.end('web', { exitCode: '1' });
      await node.settle();
      const before = node.show('web');
      const caller = new AbortController();
      const answer = node.enable(executable('web'), callContext({ signal: caller.signal })).catch(() => 'cancelled');
      await turns(moment);
      caller.abort();
      const result = await answer;
      await node.settle();
      const status = node.statusOf('web');
      if (status === 'ERROR') expect(node.show('web')).toEqual(before);
      seen.add(`${result === 'cancelled' ? result : 'ok'} ${status}`);
      expectConsistent(node);
      node.kill();
    }
    expect([...seen]).toEqual(['cancelled ERROR', 'cancelled ACTIVE', 'ok ACTIVE']);
  });

  test('that has to wait for its turn begins nothing for a caller who has gone', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    const release = node.driver.holdStop('web');
    const first = node.disable('web');
    await node.settle();
    const caller = new AbortController();
    const answer = node.enable(executable('web'), callContext({ signal: caller.signal })).catch(() => 'cancelled');
    await node.settle();
    const { commits } = node.store;
    caller.abort();
    expect(await answer).toBe('cancelled');
    release();
    await first;
    await node.settle();
    expect(node.store.commits).toBe(commits);
    expect(node.statusOf('web')).toBe('PASSIVE');
  });

  test('refuses a name that runs without the schedule, and leaves that alone', async () => {
    const node = await startHarness();
    node.driver.startForeign('web');
    await node.settle();
    await expect(node.enable(executable('web'))).rejects.toThrow('started without the schedule');
    expect(node.driver.running.get('web')?.mark).toBeUndefined();
    expect(node.store.entries).toEqual([]);
  });

  test('waits for the first news of the backend, and for no longer than its caller', async () => {
    const node = await startHarness();
    node.driver.holdEvents();
    await node.shutDown();
    await node.boot();
    const caller = new AbortController();
    const refusedSoon = expect(node.enable(executable('a'), callContext({ signal: caller.signal }))).rejects.toThrow();
    const enabled = node.enable(executable('web'));
    await node.settle();
    expect(node.store.commits).toBe(0);
    caller.abort();
    await refusedSoon;
    node.driver.releaseEvents();
    expect(await enabled).toBe('runs as pid 101');
    expect(node.driver.runningNames).toEqual(['web']);
  });
});

describe('disable', () => {
  test('ends it and keeps the record', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartAlways }));
    expect(await node.disable('web')).toBe('is disabled');
    expect(node.driver.runningNames).toEqual([]);
    expect(node.statusOf('web')).toBe('PASSIVE');
    expect(node.store.entries).toMatchObject([{ enabled: false }]);
    await node.advance(3_600_000);
    expect(node.driver.starts).toHaveLength(1);
    expect(await node.historyOf('web')).toEqual(['enabled', 'started', 'disabled', 'ended']);
  });

  test('is idempotent', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await node.disable('web');
    const commits = node.store.commits;
    expect(await node.disable('web')).toBe('is disabled');
    expect(node.store.commits).toBe(commits);
  });

  test('of what is not scheduled is NOT_FOUND', async () => {
    const node = await startHarness();
    await expect(node.disable('web')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  test('ends a pause before a restart', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: { ...restartAlways, firstPauseMs: 1000 } }));
    node.driver.end('web');
    await node.settle();
    await node.disable('web');
    await node.advance(60_000);
    expect(node.driver.starts).toHaveLength(1);
    expect(node.clock.waiting).toBe(0);
  });

  test('ends a timer', async () => {
    const node = await startHarness();
    await node.enable(executable('job', { criteria: { timer: cron('* * * * *') } }));
    await node.disable('job');
    await node.advance(3_600_000);
    expect(node.driver.starts).toEqual([]);
    expect(node.show('job').nextStartAtMs).toBe(0n);
    expect(node.clock.waiting).toBe(0);
  });

  test('that cannot stop it stands, says so, and tries again until it is gone', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.failStop('web', unavailable, 3);
    await expect(node.disable('web')).rejects.toThrow('the shim does not answer');
    expect(node.store.entries).toMatchObject([{ enabled: false }]);
    await expect(node.disable('web')).rejects.toThrow('the shim does not answer');
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual([]);
    expect(node.clock.waiting).toBe(0);
  });
});

describe('destroy', () => {
  test('tells of those that come after it', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.enable(executable('web', { criteria: { after: [{ workload: { name: 'db' } }] } }));
    expect(await node.destroy('db')).toBe('is destroyed; what comes after it will wait at its next start: "web"');
  });

  test('ends it and forgets it', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    expect(await node.destroy('web')).toBe('is destroyed');
    expect(node.driver.runningNames).toEqual([]);
    expect(node.store.entries).toEqual([]);
    expect(node.store.forgottenHistory).toEqual([]);
    expect(node.engine.supervisor.get(key('web'))).toBeUndefined();
    expect(await node.destroy('web')).toBe('was not scheduled');
  });

  test('of a disabled one leaves nothing', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    await node.disable('web');
    await node.destroy('web');
    expect(node.engine.supervisor.all()).toEqual([]);
    expect(node.clock.waiting).toBe(0);
  });

  test('that cannot stop it stands, says so, and tries again until it is gone', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.failStop('web', unavailable, 3);
    await expect(node.destroy('web')).rejects.toThrow('the shim does not answer');
    expect(node.store.entries).toEqual([]);
    expect(node.engine.supervisor.all()).toEqual([]);
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual([]);
    expect(node.engine.supervisor.get(key('web'))).toBeUndefined();
    expect(node.clock.waiting).toBe(0);
  });

  test('that cannot stop it leaves the way free for another of its name', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.failStop('web', unavailable);
    await expect(node.destroy('web')).rejects.toThrow('the shim does not answer');
    expect(await node.enable(executable('web', { command: 'other' }))).toBe('runs as pid 102');
    await node.advance(60_000);
    expect(node.driver.running.get('web')?.pid).toBe(102);
    expect(await node.historyOf('web')).toEqual(['enabled', 'ended', 'started']);
    expectConsistent(node);
  });
});

describe('stopped by hand', () => {
  test('stays down until it is enabled again, whatever the policy', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: restartAlways }));
    node.driver.stopByHand('web');
    await node.advance(3_600_000);
    expect(node.driver.runningNames).toEqual([]);
    expect(node.show('web').message).toContain('stopped by hand');
    expect((await node.historyOf('web')).at(-1)).toBe('stopped');
    await node.enable(executable('web', { restart: restartAlways }));
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('while it waits for a pause, it waits no longer', async () => {
    const node = await startHarness();
    await node.enable(executable('web', { restart: { ...restartAlways, firstPauseMs: 1000 } }));
    node.driver.end('web');
    await node.settle();
    expect(await node.engine.hold(key('web'), new AbortController().signal)).toBe(true);
    await node.advance(60_000);
    expect(node.driver.starts).toHaveLength(1);
    expect(node.statusOf('web')).toBe('COMPLETE');
  });

  test('says whether there was something that waited', async () => {
    const node = await startHarness();
    const { signal } = new AbortController();
    expect(await node.engine.hold(key('web'), signal)).toBe(false);
    await node.enable(executable('web'));
    expect(await node.engine.hold(key('web'), signal)).toBe(false);
    await node.disable('web');
    expect(await node.engine.hold(key('web'), signal)).toBe(false);
  });
});

const verbs: readonly [
  string,
  (node: EngineHarness, context?: Parameters<EngineHarness['enable']>[1]) => Promise<unknown>,
][] = [
  ['enable of a new one', (node, context) => node.enable(executable('new'), context)],
  ['enable of another spec', (node, context) => node.enable(executable('web', { command: 'other' }), context)],
  ['enable of a disabled one', (node, context) => node.enable(executable('off'), context)],
  ['disable', (node, context) => node.disable('web', context)],
  ['destroy', (node, context) => node.destroy('web', context)],
];

async function nodeWithTwo(): Promise<EngineHarness> {
  const node = await startHarness();
  await node.enable(executable('web'));
  await node.enable(executable('off'));
  await node.disable('off');
  return node;
}

/** What a client can tell apart. */
function stateOf(node: EngineHarness) {
  const entries = node.store.entries.map(({ key: { name }, enabled, spec }) => ({ name, enabled, spec }));
  const running = [...node.driver.running.values()].map(({ name, spec }) => ({ name, spec: spec.value }));
  return { entries: entries.sort((one, other) => (one.name < other.name ? -1 : 1)), running };
}

function withoutLabels(state: ReturnType<typeof stateOf>) {
  return {
    ...state,
    running: state.running.map(({ name, spec }) => ({ name, spec: { ...spec, labels: {} } })),
  };
}

describe.each(verbs)('%s, with a full disk', (_, verb) => {
  test.each([
    [0, 'before-writing'],
    [0, 'after-writing'],
    [1, 'before-writing'],
    [1, 'after-writing'],
  ] as const)('at commit %i, %s, leaves all as it was, what runs too', async (index, failure) => {
    const node = await nodeWithTwo();
    const before = withoutLabels(stateOf(node));
    const commits = node.store.commits;
    node.store.nextCommits.push(...Array.from({ length: index }, () => 'ok' as const), failure);
    const answer = verb(node).then(
      () => 'ok',
      (error: unknown) => error,
    );
    const result = await answer;
    await node.settle();
    if (node.store.commits - commits <= index) return;
    expect(result).toBeInstanceOf(ResourceExhaustedError);
    expect(withoutLabels(stateOf(node))).toEqual(before);
    expectConsistent(node);
    await node.restart();
    expect(withoutLabels(stateOf(node))).toEqual(before);
    expectConsistent(node);
  });

  test('that stays full leaves all as it was after the next start', async () => {
    const node = await nodeWithTwo();
    const before = withoutLabels(stateOf(node));
    for (const fates of [['before-writing'], ['ok', 'before-writing', 'before-writing']] as const) {
      node.store.nextCommits.splice(0, Number.POSITIVE_INFINITY, ...fates);
      const failed = await verb(node).then(
        () => false,
        () => true,
      );
      if (!failed) return;
      await node.settle();
      expect(withoutLabels({ ...stateOf(node), entries: before.entries })).toEqual(before);
    }
    node.store.nextCommits.length = 0;
    await node.restart();
    expect(withoutLabels(stateOf(node))).toEqual(before);
    expectConsistent(node);
  });
});

describe.each(verbs)('%s, cancelled at any moment', (_, verb) => {
  test('is done whole or not at all', async () => {
    const before = withoutLabels(stateOf(await nodeWithTwo()));
    const finished = await nodeWithTwo();
    await verb(finished);
    await finished.settle();
    const after = withoutLabels(stateOf(finished));
    for (let moment = 0; moment < 60; moment++) {
      const node = await nodeWithTwo();
      const caller = new AbortController();
      const answer = verb(node, callContext({ signal: caller.signal })).then(
        () => 'ok',
        () => 'failed',
      );
      await turns(moment);
      caller.abort();
      const result = await answer;
      await node.settle();
      const state = withoutLabels(stateOf(node));
      if (result === 'ok') expect(state).toEqual(after);
      else expect([before, after]).toContainEqual(state);
      expectConsistent(node);
      node.kill();
    }
  });
});

describe.each(verbs)('%s, with the daemon killed at any moment', (_, verb) => {
  test('is done whole or not at all, and what was answered is there', async () => {
    const before = withoutLabels(stateOf(await nodeWithTwo()));
    const finished = await nodeWithTwo();
    await verb(finished);
    await finished.settle();
    const after = withoutLabels(stateOf(finished));
    for (let moment = 0; moment < 60; moment++) {
      const node = await nodeWithTwo();
      let isAnswered = false;
      void verb(node).then(() => (isAnswered = true));
      await turns(moment);
      node.kill();
      await node.boot();
      const state = withoutLabels(stateOf(node));
      if (isAnswered) expect(state).toEqual(after);
      else expect([before, after]).toContainEqual(state);
      expectConsistent(node);
      node.kill();
    }
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}
