import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import type { observe } from '@aurae/proto';
import {
  type ListLogSegments,
  listLogSegments,
  logItems,
  type LogReadOptions,
  nextLogSequence,
  readLogSegments,
} from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from './collect-garbage.js';
import { endedBefore, linesOf, manualEnd, nextItem, readItems, sequencesOf } from './collect.js';
import {
  append,
  compressSegment,
  criRecord,
  giveForm,
  logOf,
  sealSegment,
  segmentPath,
  temporaryDirectory,
  writeLogSegments,
} from './log-files.js';
import { openResources } from './open-resources.js';

const records = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => criRecord(`line ${first + index}`));

/** Segments of three records each that begin at 1, 4, 7 and so on. */
async function logOfSegments(count: number): Promise<string> {
  const directory = temporaryDirectory();
  const firsts = Array.from({ length: count }, (_, index) => index * 3 + 1);
  const segments = firsts.map((firstSequence) => ({ firstSequence, bytes: records(firstSequence, 3) }));
  await writeLogSegments(directory, segments);
  return directory;
}

const summary = async (options: LogReadOptions) =>
  (await readItems(options)).map(
    ({ sequence, dropped, level }) => `${sequence}${dropped ? `-${dropped}` : ''}${level}`,
  );

/** Does something with the directory before each list is made, or with what was listed. */
function listing(change: (look: number, directory: string) => Promise<void>): ListLogSegments {
  let looks = 0;
  return async (directory) => {
    const segments = await listLogSegments(directory);
    await change(++looks, directory);
    return segments;
  };
}

describe('the segments of a log', () => {
  it('are listed once each, as they were written, else sealed, else compressed', async () => {
    const directory = await logOfSegments(4);
    await sealSegment(directory, 1);
    await compressSegment(directory, 1);
    await sealSegment(directory, 4);
    await writeFile(segmentPath(directory, 4, 'compressed'), 'half of it');
    await writeFile(segmentPath(directory, 7, 'sealed'), 'a copy');
    await writeFile(segmentPath(directory, 7, 'compressed'), 'a copy');
    await writeFile(`${segmentPath(directory, 10, 'compressed')}.new`, '');
    mkdirSync(segmentPath(directory, 13, 'sealed'));
    expect(await listLogSegments(directory)).toEqual([
      { path: segmentPath(directory, 1, 'compressed'), firstSequence: 1, form: 'compressed' },
      { path: segmentPath(directory, 4, 'sealed'), firstSequence: 4, form: 'sealed' },
      { path: segmentPath(directory, 7), firstSequence: 7, form: 'written' },
      { path: segmentPath(directory, 10), firstSequence: 10, form: 'written' },
    ]);
    expect(await sequencesOf({ directory })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it.each(['written', 'sealed', 'compressed'] as const)('tell the next number when the last is %s', async (form) => {
    const directory = await logOfSegments(2);
    await append(directory, 4, 'torn');
    await giveForm(directory, 4, form);
    expect(await nextLogSequence(directory)).toBe(7n);
    expect(await sequencesOf({ directory, tail: 4 })).toEqual([3, 4, 5, 6]);
    expect(openResources(directory)).toEqual([]);
  });
});

describe('a compressed segment', () => {
  it('has every byte of lines of all lengths, binary ones too', async () => {
    const lines = [
      ...[0, 1, 65_000, 65_536, 262_144, 1_048_576, 3_000_000].map((length) => Buffer.alloc(length, 'ä€x')),
      Buffer.from([0, 255, 1, 254, 13]),
      Buffer.from('last'),
    ];
    const directory = await logOf(lines);
    await writeLogSegments(directory, [{ firstSequence: lines.length + 1, bytes: [] }]);
    const plain = await readItems({ directory });
    await giveForm(directory, 1, 'compressed');
    const items = await readItems({ directory });
    expect(items.every((item, index) => isDeepStrictEqual(item, plain[index]))).toBe(true);
    expect(items).toHaveLength(plain.length);
    expect(plain.at(-1)).toMatchObject({ line: 'last', sequence: BigInt(lines.length) });
  });

  it('of several members is one', async () => {
    const directory = await logOfSegments(2);
    const [one, two, three] = records(1, 3) as [Buffer, Buffer, Buffer];
    rmSync(segmentPath(directory, 1));
    const members = [gzipSync(one), gzipSync(two), gzipSync(three)];
    await writeFile(segmentPath(directory, 1, 'compressed'), Buffer.concat(members));
    expect(await sequencesOf({ directory })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('that was cut off is delivered as far as it goes, and the rest is told as missing', async () => {
    const count = 8000;
    const random = Array.from({ length: count }, () => criRecord(randomBytes(20).toString('hex')));
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [
      { firstSequence: 1, bytes: random },
      { firstSequence: count + 1, bytes: records(count + 1, 1) },
    ]);
    await giveForm(directory, 1, 'compressed');
    const path = segmentPath(directory, 1, 'compressed');
    const whole = await readFile(path);
    const lengths = Array.from({ length: 10 }, (_, index) => whole.length - 20 - index * 3333);
    for (const length of [0, 1, 9, 11, 100, 2000, ...lengths]) {
      await writeFile(path, whole.subarray(0, length));
      const items: observe.LogItem[] = [];
      for await (const batch of readLogSegments({ directory })) {
        items.push(...batch);
        // A reader that takes its time: what is inflated waits for it.
        await setTimeout(1);
      }
      const last = items.pop();
      expect(items.every(({ sequence }, index) => Number(sequence) === index + 1)).toBe(true);
      expect(last).toMatchObject({ sequence: BigInt(count + 1) });
      expect(Number(last?.dropped)).toBe(count - items.length);
      const readable = gunzipSync(whole.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
      expect(items).toHaveLength(readable.toString().split('\n').length - 1);
    }
    expect(openResources(directory)).toEqual([]);
  });

  it('that is damaged is no fault of the others', async () => {
    const directory = await logOfSegments(3);
    await giveForm(directory, 4, 'compressed');
    const path = segmentPath(directory, 4, 'compressed');
    const bytes = await readFile(path);
    for (const at of [0, 1, 12, bytes.length - 6]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      await writeFile(path, damaged);
      expect(await summary({ directory })).toEqual(['1', '2', '3', '7-3', '8', '9']);
      expect(await summary({ directory, follow: endedBefore(10) })).toEqual(['1', '2', '3', '7-3', '8', '9']);
      expect(await sequencesOf({ directory, tail: 5 })).toEqual([2, 3, 7, 8, 9]);
    }
    rmSync(segmentPath(directory, 7));
    expect(await summary({ directory })).toEqual(['1', '2', '3', '3-1warn']);
    expect(openResources(directory)).toEqual([]);
  });

  it('that is left in the middle leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const bytes = [Buffer.concat(records(1, 50_000))];
    await writeLogSegments(directory, [
      { firstSequence: 1, bytes },
      { firstSequence: 50_001, bytes: [] },
    ]);
    await giveForm(directory, 1, 'compressed');
    collectGarbage();
    const before = process.memoryUsage().external;
    for (let round = 0; round < 300; round++) {
      const controller = new AbortController();
      const items = logItems(readLogSegments({ directory, signal: controller.signal }));
      await nextItem(items);
      const next = round % 3 === 0 ? items.next().catch(() => undefined) : undefined;
      if (round % 2 === 0) await items.return?.();
      else controller.abort();
      await next;
    }
    await expect.poll(() => openResources(directory)).toEqual([]);
    // What zlib needs for each is more than 40 KiB, and so is each chunk.
    await expect.poll(() => (collectGarbage(), process.memoryUsage().external - before)).toBeLessThan(2_000_000);
  });
});

describe('a segment that gets another name', () => {
  it('is found again, twice in a row', async () => {
    const directory = await logOfSegments(3);
    const segments = listing(async (look, path) => {
      if (look === 2) await sealSegment(path, 1);
      if (look === 3) await compressSegment(path, 1);
      if (look === 5) await giveForm(path, 4, 'compressed');
    });
    expect(await summary({ directory, segments })).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('is found again by the tail, which counts it', async () => {
    const directory = await logOfSegments(3);
    const segments = listing(async (look, path) => {
      if (look === 1) await sealSegment(path, 4);
      if (look === 2) await compressSegment(path, 4);
    });
    expect(await sequencesOf({ directory, segments, tail: 4 })).toEqual([6, 7, 8, 9]);
  });

  it('is found again by who counts the log', async () => {
    const directory = await logOfSegments(2);
    const segments = listing(async (look, path) => {
      if (look === 1) await sealSegment(path, 4);
      if (look === 2) await compressSegment(path, 4);
    });
    expect(await nextLogSequence(directory, segments)).toBe(7n);
  });

  it('and so is in neither of two lists is not missing', async () => {
    const directory = await logOfSegments(4);
    let looks = 0;
    const segments: ListLogSegments = async (path) => {
      looks += 1;
      const found = await listLogSegments(path);
      return looks === 3 || looks === 4 ? found.filter(({ firstSequence }) => firstSequence !== 4) : found;
    };
    expect(await summary({ directory, segments })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map(String));
    rmSync(segmentPath(directory, 4));
    expect(await summary({ directory, segments })).toEqual(['1', '2', '3', '7-3', '8', '9', '10', '11', '12']);
  });

  it('while it is read is read to its end', async () => {
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [
      { firstSequence: 1, bytes: records(1, 5000) },
      { firstSequence: 5001, bytes: records(5001, 5000) },
      { firstSequence: 10_001, bytes: records(10_001, 1) },
    ]);
    const items = logItems(readLogSegments({ directory }));
    let whole = 0;
    for (let sequence = 1; sequence <= 10_001; sequence++) {
      const item = await nextItem(items);
      if (item.sequence === BigInt(sequence) && item.dropped === 0n) whole += 1;
      if (sequence === 10) await sealSegment(directory, 1);
      if (sequence === 2500) await compressSegment(directory, 1);
      if (sequence === 5010) await giveForm(directory, 5001, 'compressed');
      if (sequence === 7500) rmSync(segmentPath(directory, 5001, 'compressed'));
    }
    expect(whole).toBe(10_001);
    expect((await items.next()).done).toBe(true);
  });
});

describe('a follower', () => {
  it('of a segment that is sealed and compressed goes on with its successor', async () => {
    const directory = await logOf(['a']);
    const { ended, end } = manualEnd();
    const items = logItems(readLogSegments({ directory, follow: { ended } }));
    expect(await nextItem(items)).toMatchObject({ line: 'a' });
    const next = nextItem(items);
    await expect.poll(() => openResources(directory)).toContain('watch');
    await giveForm(directory, 1, 'compressed');
    await writeLogSegments(directory, [{ firstSequence: 2, bytes: [criRecord('b')] }]);
    expect(await next).toMatchObject({ line: 'b', sequence: 2n, dropped: 0n });
    end(3);
    expect((await items.next()).done).toBe(true);
  });

  it.each(['sealed', 'compressed'] as const)(
    'of a log that is begun anew where its %s segment was gets it',
    async (form) => {
      const directory = await logOf(['a']);
      await giveForm(directory, 1, form);
      const items = logItems(readLogSegments({ directory, follow: true }));
      expect(await nextItem(items)).toMatchObject({ line: 'a' });
      const next = nextItem(items);
      await expect.poll(() => openResources(directory)).toContain('watch');
      rmSync(segmentPath(directory, 1, form));
      await writeLogSegments(directory, [{ firstSequence: 1, bytes: ['a', 'b'].map((line) => criRecord(line)) }]);
      expect(await next).toMatchObject({ line: 'b', sequence: 2n, dropped: 0n });
      await items.return?.();
      expect(openResources(directory)).toEqual([]);
    },
  );
});

describe('bad times', () => {
  it('a file that is cut, removed or replaced under its readers ends no read with an error', async () => {
    const whole = Buffer.concat(records(1, 20_000));
    const changes: ((path: string) => void)[] = [
      (path) => truncateSync(path, 100),
      (path) => truncateSync(path, 0),
      (path) => rmSync(path),
      (path) => renameSync(path, `${path}.old`),
      (path) => {
        rmSync(path);
        writeFileSync(path, whole.subarray(0, whole.length >> 1));
      },
    ];
    for (const form of ['written', 'sealed', 'compressed'] as const) {
      for (const change of changes) {
        const directory = temporaryDirectory();
        await writeLogSegments(directory, [
          { firstSequence: 1, bytes: [whole] },
          { firstSequence: 20_001, bytes: records(20_001, 1) },
        ]);
        await giveForm(directory, 1, form);
        const items = logItems(readLogSegments({ directory, afterSequence: 0n }));
        await nextItem(items);
        change(segmentPath(directory, 1, form));
        let position = 1;
        let holes = 0;
        for await (const { sequence, dropped } of items) {
          if (Number(sequence) !== position + Number(dropped) + 1) holes += 1;
          position = Number(sequence);
        }
        expect([position, holes]).toEqual([20_001, 0]);
        expect(openResources(directory)).toEqual([]);
      }
    }
  });

  it('a line of 10 MB that the shim has split is whole, compressed or not', async () => {
    const text = 'All work and no play. '.repeat(480_000);
    const parts = Array.from({ length: Math.ceil(text.length / 16_384) }, (_, index) =>
      text.slice(index * 16_384, (index + 1) * 16_384),
    );
    const bytes = parts.map((part, index) =>
      criRecord(part, { head: `stdout ${index === parts.length - 1 ? 'F' : 'P'}` }),
    );
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [
      { firstSequence: 1, bytes },
      { firstSequence: parts.length + 1, bytes: [] },
    ]);
    for (const form of ['sealed', 'compressed'] as const) {
      if (form === 'sealed') await sealSegment(directory, 1);
      else await compressSegment(directory, 1);
      const items = await readItems({ directory });
      expect(items.map(({ line }) => line).join('') === text).toBe(true);
      expect(items.findIndex(({ partial }) => !partial)).toBe(parts.length - 1);
    }
    expect((await linesOf({ directory, tail: 1 }))[0]).toBe(parts.at(-1));
  });
});
