import { logItems, readLogSegments } from '@aurae/observe-logs';
import { expect, it } from 'vitest';
import { collectGarbage } from './collect-garbage.js';
import { nextItem } from './collect.js';
import { criRecord, giveForm, temporaryDirectory, writeLogSegments } from './log-files.js';
import { openResources } from './open-resources.js';

const buffers = () => {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

/** A log of 3000 lines, one of them of 2 MB. */
async function longLog(): Promise<string> {
  const directory = temporaryDirectory();
  const bytes = Array.from({ length: 3000 }, (_, index) => criRecord(`${index + 1} ${'x'.repeat(60)}`));
  bytes[700] = criRecord('x'.repeat(2_000_000));
  await writeLogSegments(directory, [{ firstSequence: 1, bytes }]);
  return directory;
}

it('a thousand readers that nobody asks for more hold no thousand chunks, and lose nothing', async () => {
  const directory = await longLog();
  const before = buffers();
  const readers = Array.from({ length: 1000 }, () => logItems(readLogSegments({ directory })));
  await Promise.all(readers.map((each) => nextItem(each)));
  // A chunk for each would be 64 MB. What they have given back is not collected at once.
  await expect.poll(() => buffers() - before, { timeout: 10_000 }).toBeLessThan(45_000_000);
  const sums = await Promise.all(
    readers.slice(0, 20).map(async (each) => {
      let sum = 1;
      let parts = 0;
      for await (const { sequence, line } of each) {
        sum += sequence === 701n ? 0 : Number(line.split(' ')[0]);
        parts += sequence === 701n ? line.length : 0;
      }
      return [sum, parts];
    }),
  );
  expect(new Set(sums.map(String))).toEqual(new Set([`${(3000 * 3001) / 2 - 701},2000000`]));
  await Promise.all(readers.map((each) => each.return?.()));
  expect(openResources(directory)).toEqual([]);
});

it('a reader of a compressed segment holds little of it, whatever its size', async () => {
  const directory = temporaryDirectory();
  // 30 MB that gzip makes very small: a chunk of it becomes many.
  const block = Buffer.concat(Array.from({ length: 10_000 }, () => criRecord('x'.repeat(60))));
  await writeLogSegments(directory, [
    { firstSequence: 1, bytes: Array.from({ length: 30 }, () => block) },
    { firstSequence: 300_001, bytes: [] },
  ]);
  await giveForm(directory, 1, 'compressed');
  const before = buffers();
  let most = 0;
  let [count, batches] = [0, 0];
  for await (const items of readLogSegments({ directory })) {
    if (++batches % 100 === 1) most = Math.max(most, buffers() - before);
    count += items.length;
  }
  expect(count).toBe(300_000);
  expect(most).toBeLessThan(6_000_000);
  expect(openResources(directory)).toEqual([]);
});
