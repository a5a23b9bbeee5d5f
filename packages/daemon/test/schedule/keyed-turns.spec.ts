import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyedTurns } from '../../src/schedule/keyed-turns.js';
import { Slots } from '../../src/schedule/slots.js';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

describe('turns by key', () => {
  const work = fc.record({
    keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
    lasts: fc.nat(9),
    fails: fc.boolean(),
  });

  test('come in the order of the calls for each key, never two at once, and never wait for each other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(work, { maxLength: 12 }), async (works) => {
        const keyed = new KeyedTurns();
        const begun: number[] = [];
        const busy = new Set<string>();
        const results = works.map(({ keys, lasts, fails }, index) =>
          keyed.runAll(keys, async () => {
            begun.push(index);
            for (const key of keys) {
              expect(busy.has(key)).toBe(false);
              busy.add(key);
            }
            await turns(lasts);
            for (const key of keys) busy.delete(key);
            if (fails) throw new Error(`work ${index}`);
            return index;
          }),
        );
        const settled = await Promise.allSettled(results);
        await keyed.allIdle();
        settled.forEach((result, index) => {
          if (works[index]?.fails) expect(result.status).toBe('rejected');
          else expect(result).toEqual({ status: 'fulfilled', value: index });
        });
        for (const key of ['a', 'b', 'c']) {
          const ofKey = begun.filter((index) => works[index]?.keys.some((one) => one === key));
          expect(ofKey).toEqual([...ofKey].sort((one, other) => one - other));
        }
      }),
    );
  });

  test('of different keys go on at once', async () => {
    const keyed = new KeyedTurns();
    let release = (): void => {};
    const long = keyed.run('a', () => new Promise<void>((resolve) => (release = resolve)));
    expect(await keyed.run('b', async () => 'done')).toBe('done');
    release();
    await long;
  });

  test('are idle once nothing of these keys goes on, whatever else does', async () => {
    const keyed = new KeyedTurns();
    let release = (): void => {};
    const long = keyed.run('a', () => new Promise<void>((resolve) => (release = resolve)));
    const order: string[] = [];
    void keyed.run('b', async () => void order.push('work'));
    await keyed.idle(['b']);
    order.push('idle');
    expect(order).toEqual(['work', 'idle']);
    const all = keyed.allIdle().then(() => order.push('all idle'));
    await turns(20);
    expect(order).toHaveLength(2);
    release();
    await Promise.all([long, all]);
    expect(order).toHaveLength(3);
  });
});

describe('slots', () => {
  test('let in so many at a time, the others in their order, also after failures', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ lasts: fc.nat(6), fails: fc.boolean() }), { maxLength: 15 }),
        async (free, works) => {
          const slots = new Slots(free);
          const begun: number[] = [];
          let now = 0;
          let most = 0;
          await Promise.allSettled(
            works.map(({ lasts, fails }, index) =>
              slots.run(async () => {
                begun.push(index);
                most = Math.max(most, ++now);
                await turns(lasts);
                now -= 1;
                if (fails) throw new Error('failed');
              }),
            ),
          );
          expect(begun).toEqual(works.map((_, index) => index));
          expect(most).toBe(Math.min(free, works.length));
        },
      ),
    );
  });
});
