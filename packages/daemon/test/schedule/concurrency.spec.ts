import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineHarness } from './engine-harness.js';
import { executable } from './fakes/specs.js';

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
