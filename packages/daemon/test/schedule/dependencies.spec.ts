import { FailedPreconditionError, InvalidSpecError, runtime } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { startHarness } from './engine-harness.js';
import { after, dependent, execProbe, executable, key } from './fakes/specs.js';

const { DEPENDENCY_CONDITION_READY, DEPENDENCY_CONDITION_RUNNING, DEPENDENCY_CONDITION_COMPLETED } =
  runtime.DependencyCondition;

function conditional(name: string, on: string, condition: runtime.DependencyCondition) {
  return executable(name, { criteria: { after: [after(on, condition)] } });
}

describe('a workload that is to run after another', () => {
  test('starts once that is ready, and says what it waits for until then', async () => {
    const node = await startHarness();
    let answer: string | undefined = 'starting up';
    node.driver.execAnswer = () => answer;
    await node.enable(executable('db', { criteria: { readiness: execProbe('ready?') } }));
    expect(await node.enable(conditional('web', 'db', DEPENDENCY_CONDITION_READY))).toBe(
      'waits for "db", which is not ready yet',
    );
    expect(node.show('web')).toMatchObject({
      waitingFor: [key('db')],
      message: 'waits for "db", which is not ready yet',
    });
    answer = undefined;
    await node.advance(1000);
    expect(node.driver.runningNames).toEqual(['db', 'web']);
    expect(node.show('web').waitingFor).toEqual([]);
  });

  test('starts once that runs', async () => {
    const node = await startHarness();
    node.driver.execAnswer = () => 'never ready';
    await node.enable(executable('db', { criteria: { readiness: execProbe('ready?') } }));
    expect(await node.enable(conditional('web', 'db', DEPENDENCY_CONDITION_RUNNING))).toContain('runs as pid');
  });

  test('starts once that has ended with exit code 0, and not otherwise', async () => {
    const node = await startHarness();
    await node.enable(executable('migrate'));
    await node.enable(conditional('web', 'migrate', DEPENDENCY_CONDITION_COMPLETED));
    expect(node.show('web').message).toBe('waits for "migrate", which has not ended with exit code 0 yet');
    node.driver.end('migrate', { exitCode: '1' });
    await node.settle();
    expect(node.driver.runningNames).toEqual([]);
    await node.enable(executable('migrate'));
    node.driver.end('migrate');
    await node.settle();
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('does not mind if that ends later', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.enable(dependent('web', 'db'));
    node.driver.end('db');
    await node.settle();
    await node.destroy('db');
    await node.advance(60_000);
    expect(node.driver.runningNames).toEqual(['web']);
  });

  test('waits for all of them', async () => {
    const node = await startHarness();
    for (const name of ['db', 'cache']) {
      await node.enable(executable(name));
      await node.disable(name);
    }
    expect(await node.enable(dependent('web', 'db', 'cache'))).toBe(
      'waits for "db", which is disabled; "cache", which is disabled',
    );
    await node.enable(executable('db'));
    expect(node.show('web').waitingFor).toEqual([key('cache')]);
    await node.enable(executable('cache'));
    await node.settle();
    expect(node.driver.runningNames).toEqual(['cache', 'db', 'web']);
    expect((await node.historyMessages('web', 'waiting'))[0]).toContain('"db", which is disabled');
  });

  test('waits for one that is destroyed while it is down, until there is another', async () => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await node.disable('db');
    await node.enable(dependent('web', 'db'));
    await node.destroy('db');
    expect(node.show('web').waitingFor).toEqual([key('db')]);
    await node.enable(executable('db'));
    await node.settle();
    expect(node.driver.runningNames).toEqual(['db', 'web']);
  });

  test('starts in order at each boot', async () => {
    const node = await startHarness();
    await node.enable(executable('a'));
    await node.enable(dependent('c', 'a'));
    await node.enable(dependent('b', 'c'));
    await node.shutDown();
    for (const name of node.driver.runningNames) node.driver.end(name);
    node.driver.starts.length = 0;
    await node.boot();
    expect(node.driver.starts.map(({ name }) => name)).toEqual(['a', 'c', 'b']);
  });
});

describe('an order that cannot be', () => {
  test('of one that waits for itself is refused', async () => {
    const node = await startHarness();
    await expect(node.enable(dependent('a', 'a'))).rejects.toThrow('it would wait for itself: "a" → "a"');
    expect(node.store.entries).toEqual([]);
  });

  test('of more is refused, and printed', async () => {
    const node = await startHarness();
    await node.enable(executable('a'));
    await node.enable(dependent('b', 'a'));
    await node.enable(dependent('c', 'b'));
    const refusal = node.enable(dependent('a', 'c'));
    await expect(refusal).rejects.toThrow('Cannot enable "a": it would wait for itself: "a" → "c" → "b" → "a"');
    await expect(refusal).rejects.toBeInstanceOf(InvalidSpecError);
    expect(node.driver.running.get('a')?.mark?.revision).toBe(1);
  });

  test('of a disabled one counts too', async () => {
    const node = await startHarness();
    await node.enable(executable('a'));
    await node.enable(dependent('b', 'a'));
    await node.disable('b');
    await expect(node.enable(dependent('a', 'b'))).rejects.toThrow('"a" → "b" → "a"');
  });

  test('of one that is not scheduled is refused, with what to do', async () => {
    const node = await startHarness();
    const refusal = node.enable(dependent('web', 'db'));
    await expect(refusal).rejects.toBeInstanceOf(FailedPreconditionError);
    await expect(refusal).rejects.toThrow('it is to run after "db", which is not scheduled. Enable that first');
  });

  test.each([
    ['no name', { after: [after('')] }, 'has no name'],
    ['a condition that there is not', { after: [after('db', 7 as never)] }, 'no condition of number 7'],
    ['the same twice', { after: [after('db'), after('db', DEPENDENCY_CONDITION_RUNNING)] }, 'after "db" twice'],
  ])('with %s is refused', async (_, criteria, message) => {
    const node = await startHarness();
    await node.enable(executable('db'));
    await expect(node.enable(executable('web', { criteria }))).rejects.toThrow(message);
  });

  test('that several would form together is refused to exactly one', async () => {
    for (let lead = 0; lead < 12; lead++) {
      const node = await startHarness();
      for (const name of ['a', 'b', 'c']) await node.enable(executable(name));
      const calls = [dependent('a', 'b'), dependent('b', 'c'), dependent('c', 'a')].map(async (spec, index) => {
        for (let turn = 0; turn < index * lead; turn++) await Promise.resolve();
        return node.enable(spec);
      });
      const results = await Promise.allSettled(calls);
      expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
      await node.settle();
      expect(node.driver.runningNames).toEqual(['a', 'b', 'c']);
      node.kill();
    }
  });
});
