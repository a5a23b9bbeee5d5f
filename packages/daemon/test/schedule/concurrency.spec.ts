import { callContext, FailedPreconditionError } from '@aurae/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineHarness, startHarness } from './engine-harness.js';
import { dependent, executable, restartAlways } from './fakes/specs.js';

type Call = { readonly verb: 'enable' | 'other' | 'disable' | 'destroy'; readonly afterTurns: number };

const call: fc.Arbitrary<Call> = fc.record({
  verb: fc.constantFrom('enable' as const, 'other' as const, 'disable' as const, 'destroy' as const),
  afterTurns: fc.nat(25),
});

test('of many decisions about one name at once the last in order holds, and what runs is what it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 8 }), async (calls) => {
      const node = await EngineHarness.start();
      let mostAtOnce = 0;
      let lastDone: Call['verb'] | undefined;
      node.driver.onStart = () => (mostAtOnce = Math.max(mostAtOnce, node.driver.running.size));
      await Promise.all(
        calls.map(async ({ verb, afterTurns }) => {
          for (let turn = 0; turn < afterTurns; turn++) await Promise.resolve();
          const done = {
            enable: () => node.enable(executable('web')),
            other: () => node.enable(executable('web', { command: 'other' })),
            disable: () => node.disable('web').catch(() => 'not scheduled'),
            destroy: () => node.destroy('web'),
          }[verb]();
          if ((await done) !== 'not scheduled') lastDone = verb;
        }),
      );
      await node.settle();
      const isEnabled = lastDone === 'enable' || lastDone === 'other';
      expect(node.driver.runningNames).toEqual(isEnabled ? ['web'] : []);
      expect(node.store.entries.map(({ enabled }) => enabled)).toEqual(
        isEnabled ? [true] : lastDone === 'disable' ? [false] : [],
      );
      const command = { $case: 'executable', value: { command: lastDone === 'other' ? 'other' : 'run web' } };
      if (isEnabled) expect(node.driver.running.get('web')?.spec).toMatchObject(command);
      expect(mostAtOnce).toBeLessThanOrEqual(1);
      expect(node.store.onTrial).toEqual([]);
      node.kill();
    }),
    { numRuns: 300 },
  );
});

test('a cycle does not come about through a spec that is on trial and taken back', async () => {
  const node = await startHarness();
  await node.enable(executable('b'));
  await node.enable(dependent('a', 'b'));
  const release = node.driver.holdStop('a');
  const caller = new AbortController();
  node.driver.failStart('a', () => new FailedPreconditionError('no such program'));
  const replacing = node.enable(executable('a'), callContext({ signal: caller.signal })).catch((error: Error) => error);
  await node.settle();
  await expect(node.enable(dependent('b', 'a'))).rejects.toThrow('"b" → "a" → "b"');
  release();
  expect(await replacing).toMatchObject({ reason: 'FAILED_PRECONDITION' });
  await node.settle();
  expect(node.driver.runningNames).toEqual(['a', 'b']);
});

test('an apply that waits for a slow stop lets the others go on, and lets go of them with its caller', async () => {
  const node = await startHarness();
  await node.enable(executable('slow'));
  await node.enable(executable('web', { restart: restartAlways }));
  const release = node.driver.holdStop('slow');
  const disabling = node.disable('slow');
  const caller = new AbortController();
  const specs = [executable('slow'), executable('web', { command: 'other', restart: restartAlways })];
  const applying = node.apply(specs, {}, callContext({ signal: caller.signal })).catch((error: Error) => error);
  await node.settle();
  node.driver.end('web', { exitCode: '1' });
  await node.advance(1000);
  expect(node.statusOf('web')).toBe('ACTIVE');
  caller.abort();
  expect(await applying).toBeInstanceOf(Error);
  expect(await node.destroy('web')).toBe('is destroyed');
  release();
  await disabling;
  expect(node.statusOf('slow')).toBe('PASSIVE');
});

test('the history of one that waits for many tells the first few', async () => {
  const node = await startHarness();
  const names = Array.from({ length: 20 }, (_, index) => `d${index}`);
  for (const name of names) await node.enable(executable(name));
  for (const name of names) await node.disable(name);
  await node.enable(dependent('web', ...names));
  expect(node.show('web').message).toContain('; and 17 more');
  await expect(
    node.enable(dependent('api', ...Array.from({ length: 101 }, (_, index) => `x${index}`))),
  ).rejects.toThrow('it is to run after 101 others; at most 100 are allowed');
});
