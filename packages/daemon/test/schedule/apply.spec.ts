import { callContext, schedule } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import type { WorkloadSpec } from '../../src/schedule/workload-key.js';
import { type EngineHarness, startHarness } from './engine-harness.js';
import { dependent, executable, execProbe } from './fakes/specs.js';

const { ScheduleChange } = schedule;

function disabled(spec: WorkloadSpec): schedule.ScheduleRecord {
  return { workload: spec, disabled: true };
}

/** `web: UPDATE command,env.A`, in order. */
function told(answers: readonly schedule.ApplyResponse[], done: boolean): string[] {
  return answers
    .filter((answer) => answer.done === done)
    .map(({ workload, change, fields }) =>
      [`${workload?.name}: ${ScheduleChange[change].replace('SCHEDULE_CHANGE_', '')}`, fields.join()].join(' ').trim(),
    );
}

async function nodeWithSome(): Promise<EngineHarness> {
  const node = await startHarness();
  await node.enable(executable('same'));
  await node.enable(executable('changed', { env: { A: '1', B: '2' } }));
  await node.enable(executable('off'));
  await node.enable(executable('on'));
  await node.disable('on');
  await node.enable(executable('gone'));
  return node;
}

const wanted = [
  executable('new'),
  executable('same'),
  executable('changed', { command: 'other', env: { A: '3', B: '2', C: '4' } }),
  disabled(executable('off')),
  executable('on'),
];

const differences = [
  'new: CREATE',
  'same: NONE',
  'changed: UPDATE command,env.A,env.C',
  'off: DISABLE',
  'on: ENABLE',
  'gone: DESTROY',
];

describe('apply', () => {
  test('starts what is as it is wanted and was stopped by hand', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    node.driver.stopByHand('web');
    await node.settle();
    await node.apply([executable('web')]);
    expect(node.statusOf('web')).toBe('ACTIVE');
  });

  test('names the criteria that differ', async () => {
    const node = await startHarness();
    await node.enable(executable('web'));
    const probed = executable('web', { criteria: { readyWithinMs: 5, readiness: execProbe('true') } });
    const [planned] = await node.apply([probed], { dryRun: true });
    expect(planned?.fields).toEqual(['criteria.readiness', 'criteria.ready_within_ms']);
  });

  test('tells each difference, then does all of it in one transaction', async () => {
    const node = await nodeWithSome();
    const { commits } = node.store;
    const pidOfSame = node.show('same').proc;
    const answers = await node.apply(wanted, { prune: true });
    expect(told(answers, false)).toEqual(differences);
    expect(told(answers, true)).toEqual(differences);
    expect(node.store.commits).toBe(commits + 1);
    expect(node.driver.runningNames).toEqual(['changed', 'new', 'on', 'same']);
    expect(node.show('same').proc).toEqual(pidOfSame);
    expect(node.store.entries.map(({ key: { name }, enabled }) => `${name} ${enabled}`).sort()).toEqual([
      'changed true',
      'new true',
      'off false',
      'on true',
      'same true',
    ]);
    const states = new Map(answers.filter(({ done }) => done).map(({ workload, state }) => [workload?.name, state]));
    expect(states.get('new')?.proc?.pid).toBeGreaterThan(0);
    expect(states.get('gone')).toBeUndefined();
    expect(states.get('off')?.enabled).toBe(false);
  });

  test('on trial tells the same and changes nothing', async () => {
    const node = await nodeWithSome();
    const [before, commits] = [node.store.entries, node.store.commits];
    const answers = await node.apply(wanted, { prune: true, dryRun: true });
    expect(told(answers, false)).toEqual(differences);
    expect(told(answers, true)).toEqual([]);
    expect(node.store.entries).toEqual(before);
    expect(node.store.commits).toBe(commits);
    expect(node.driver.runningNames).toEqual(['changed', 'gone', 'off', 'same']);
  });

  test('without pruning leaves what it does not name', async () => {
    const node = await nodeWithSome();
    await node.apply(wanted);
    expect(node.driver.runningNames).toContain('gone');
  });

  test.each(['before-writing', 'after-writing'] as const)('with a full disk, %s, changes nothing', async (failure) => {
    const node = await nodeWithSome();
    const [before, runs] = [node.store.entries, [...node.driver.running.values()]];
    node.store.nextCommits.push(failure);
    await expect(node.apply(wanted, { prune: true })).rejects.toMatchObject({ reason: 'RESOURCE_EXHAUSTED' });
    await node.settle();
    expect(node.store.entries).toEqual(before);
    expect([...node.driver.running.values()]).toEqual(runs);
    await node.restart();
    expect([...node.driver.running.values()]).toEqual(runs);
  });

  test('takes its records in any order, and starts them in theirs', async () => {
    const node = await startHarness();
    await node.apply([dependent('c', 'b'), dependent('b', 'a'), executable('a')]);
    await node.settle();
    expect(node.driver.starts.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('has a new one wait for what takes the place of its dependency', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.apply([dependent('web', 'db'), executable('db', { command: 'other' })]);
    await node.settle();
    expect(node.driver.starts.map(({ name }) => name)).toEqual(['db', 'db', 'web']);
    await node.apply([dependent('api', 'db'), disabled(executable('db', { command: 'other' }))]);
    await node.settle();
    expect(node.show('api').message).toBe('waits for "db", which is disabled');
  });

  test.each([
    ['a name twice', [executable('web'), executable('web', { command: 'x' })], '"web" is there twice'],
    ['a cycle', [dependent('a', 'b'), dependent('b', 'a')], 'it would wait for itself: "a" → "b" → "a"'],
    ['what is not scheduled', [dependent('a', 'none')], '"none", which is not scheduled'],
    ['no workload', [{ workload: undefined, disabled: false }], 'record 1 has no workload'],
    ['a wrong label', [executable('a'), executable('b', { labels: { 'aurae.x': '' } })], 'aurae.x'],
  ])('refuses %s, and nothing has changed', async (_, specs, message) => {
    const node = await startHarness();
    await expect(node.apply(specs)).rejects.toThrow(message);
    expect(node.store.commits).toBe(0);
    expect(node.driver.starts).toEqual([]);
  });

  test('refuses what a backend would not start, and nothing has changed', async () => {
    const node = await nodeWithSome();
    node.driver.refusals.set('new', 'the program does not exist');
    const { commits } = node.store;
    await expect(node.apply(wanted, { prune: true })).rejects.toThrow(
      'Cannot enable "new": the program does not exist',
    );
    expect(node.store.commits).toBe(commits);
  });

  test('refuses to prune what another of its records is to run after', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.enable(dependent('web', 'db'));
    await expect(node.apply([dependent('web', 'db')], { prune: true })).rejects.toThrow('which is not scheduled');
    expect(node.driver.runningNames).toEqual(['db', 'web']);
  });

  test('closes a cycle with what is there already by no way', async () => {
    const node = await startHarness();
    await node.enable(executable('a'));
    await node.enable(dependent('b', 'a'));
    await expect(node.apply([dependent('a', 'b')])).rejects.toThrow('it would wait for itself');
  });

  test('tells what became of one that cannot run, and keeps the others', async () => {
    const node = await startHarness();
    node.driver.failStart('bad', () => new Error('boom'), 3);
    const answers = await node.apply([executable('bad'), executable('good')]);
    expect(answers.at(-2)?.state?.message).toContain('could not be started');
    expect(node.driver.runningNames).toEqual(['good']);
    expect(node.store.entries).toHaveLength(2);
  });

  test('of nothing with pruning empties the schedule', async () => {
    const node = await nodeWithSome();
    await node.apply([], { prune: true });
    await node.settle();
    expect(node.driver.runningNames).toEqual([]);
    expect(node.store.entries).toEqual([]);
    expect(node.store.forgottenHistory).toEqual([]);
  });

  test('whose caller has gone before the decision changes nothing', async () => {
    const node = await startHarness();
    const caller = new AbortController();
    caller.abort();
    await expect(node.apply([executable('web')], {}, callContext({ signal: caller.signal }))).rejects.toThrow();
    await node.settle();
    expect(node.store.entries).toEqual([]);
  });

  test('of what another node has exported makes the same schedule', async () => {
    const node = await nodeWithSome();
    await node.enable(dependent('web', 'same'));
    const exported = await node.exported();
    const other = await startHarness();
    await other.apply(exported);
    await other.settle();
    expect(await other.exported()).toEqual(exported);
    expect(other.driver.runningNames).toEqual(node.driver.runningNames);
    expect(
      told(await other.apply(exported, { prune: true, dryRun: true }), false).every((line) => line.endsWith(': NONE')),
    ).toBe(true);
  });

  test('after a prune of the same name has begun has the new one run, and not end with the old one', async () => {
    for (let lead = 0; lead < 40; lead++) {
      const node = await startHarness();
      await node.enable(executable('web'));
      const pruning = node.apply([], { prune: true });
      for (let turn = 0; turn < lead; turn++) await Promise.resolve();
      await node.apply([executable('web', { command: 'other' })]);
      await pruning;
      await node.settle();
      const isThere = node.store.entries.length === 1;
      expect(node.driver.runningNames).toEqual(isThere ? ['web'] : []);
      expect(node.engine.supervisor.all()).toHaveLength(node.store.entries.length);
      node.kill();
    }
  });
});
