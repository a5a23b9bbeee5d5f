import { mkdirSync, rmSync, statSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  appendToSegmentIndex,
  type ListLogSegments,
  listLogSegments,
  type LogReadOptions,
  readSegmentIndex,
  rewriteSegmentIndex,
  type SegmentSummary,
  summarizeSegment,
} from '@aurae/observe-logs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readItems, sequencesOf } from './collect.js';
import { append, criRecord, giveForm, logOf, segmentPath, temporaryDirectory, writeLogSegments } from './log-files.js';
import { openResources } from './open-resources.js';

const summary: fc.Arbitrary<SegmentSummary> = fc.record({
  firstSequence: fc.maxSafeNat().map((value) => Math.max(1, value)),
  records: fc.nat(),
  minimumMs: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constant(Infinity)),
  maximumMs: fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.constant(-Infinity)),
  bytes: fc.maxSafeNat(),
  stderr: fc.nat(),
  malformed: fc.nat(),
});
const summaries = fc.uniqueArray(summary, { selector: ({ firstSequence }) => firstSequence, maxLength: 8 });

const plain = (firstSequence: number): SegmentSummary => ({
  firstSequence,
  records: 3,
  minimumMs: 1000,
  maximumMs: 2000,
  bytes: 100,
  malformed: 0,
});

const indexOf = (directory: string) => join(directory, 'index');
const entriesOf = async (directory: string) => [...(await readSegmentIndex(directory)).values()];
/** What can be told apart: JSON has no Infinity. */
const keys = (entries: readonly SegmentSummary[]) => entries.map((entry) => Object.values(entry).join(' ')).sort();

describe('the index', () => {
  it('tells what was added, in any number of calls, the last of each segment', async () => {
    await fc.assert(
      fc.asyncProperty(summaries, summaries, async (some, others) => {
        const directory = temporaryDirectory();
        await appendToSegmentIndex(directory, some);
        for (const each of others) await appendToSegmentIndex(directory, [each]);
        const expected = new Map([...some, ...others].map((each) => [each.firstSequence, each]));
        expect(await readSegmentIndex(directory)).toEqual(expected);
        await rewriteSegmentIndex(directory, others);
        expect(await entriesOf(directory)).toEqual(others);
      }),
      { numRuns: 50 },
    );
  });

  it('is for its owner alone, and of text', async () => {
    const directory = temporaryDirectory();
    await appendToSegmentIndex(directory, [plain(1)]);
    expect(statSync(indexOf(directory)).mode & 0o777).toBe(0o600);
    expect(await readFile(indexOf(directory), 'utf8')).toMatch(
      /^aurae-log-index 1\n1 3 1000 2000 100 - 0 [0-9a-f]{8}\n$/,
    );
    await rewriteSegmentIndex(directory, [plain(1)]);
    expect(statSync(indexOf(directory)).mode & 0o777).toBe(0o600);
  });

  it('that was cut off tells what is whole, and goes on', async () => {
    const directory = temporaryDirectory();
    await appendToSegmentIndex(directory, [1, 4, 7].map(plain));
    const whole = await readFile(indexOf(directory));
    const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at);
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(indexOf(directory), whole.subarray(0, length));
      const kept = ends.slice(1).filter((end) => end <= length).length;
      expect((await entriesOf(directory)).map(({ firstSequence }) => firstSequence)).toEqual([1, 4, 7].slice(0, kept));
      await appendToSegmentIndex(directory, [plain(10)]);
      expect((await entriesOf(directory)).map(({ firstSequence }) => firstSequence)).toEqual([
        ...[1, 4, 7].slice(0, kept),
        10,
      ]);
    }
  });

  it('of which a byte has changed tells nothing that was never said', async () => {
    const directory = temporaryDirectory();
    const said = [1, 4, 7].map(plain);
    await appendToSegmentIndex(directory, said);
    const whole = await readFile(indexOf(directory));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        await writeFile(indexOf(directory), damaged);
        for (const each of keys(await entriesOf(directory))) expect(keys(said)).toContain(each);
      }),
    );
  });

  it.each(['', 'aurae-log-index 2\n1 3 1000 2000 100 0 - 00000000\n', '\0'.repeat(5000)])(
    'of another version, or of something else, is begun anew (%#)',
    async (content) => {
      const directory = temporaryDirectory();
      await writeFile(indexOf(directory), content);
      expect(await entriesOf(directory)).toEqual([]);
      await appendToSegmentIndex(directory, [plain(4)]);
      expect(await entriesOf(directory)).toEqual([plain(4)]);
    },
  );

  it('that is absent, or no file, is empty', async () => {
    const directory = temporaryDirectory();
    expect(await entriesOf(directory)).toEqual([]);
    expect(await entriesOf(join(directory, 'absent'))).toEqual([]);
    await expect(appendToSegmentIndex(join(directory, 'absent'), [plain(1)])).rejects.toThrow('ENOENT');
    await expect(rewriteSegmentIndex(join(directory, 'absent'), [])).rejects.toThrow('ENOENT');
    mkdirSync(indexOf(directory));
    expect(await entriesOf(directory)).toEqual([]);
    await expect(appendToSegmentIndex(directory, [plain(1)])).rejects.toThrow('EISDIR');
    await expect(rewriteSegmentIndex(directory, [plain(1)])).rejects.toThrow('EISDIR');
    expect(openResources(directory)).toEqual([]);
  });
});

describe('a summary', () => {
  it.each(['written', 'sealed', 'compressed'] as const)('tells what is in a %s segment', async (form) => {
    const directory = temporaryDirectory();
    const bytes = Buffer.concat([
      criRecord('a', { time: '2024-01-01T00:00:05Z' }),
      criRecord('b', { time: '2024-01-01T00:00:03Z', head: 'stderr P' }),
      criRecord('x'.repeat(2_000_000), { time: '2024-01-01T00:00:09Z' }),
      criRecord('c', { time: '2024-01-01T00:00:04Z' }),
    ]);
    await writeLogSegments(directory, [{ firstSequence: 5, bytes: [bytes, 'malformed\n', 'torn'] }]);
    await giveForm(directory, 5, form);
    const [segment] = await listLogSegments(directory);
    expect(segment && (await summarizeSegment(segment))).toEqual({
      firstSequence: 5,
      records: 5,
      minimumMs: Date.UTC(2024, 0, 1, 0, 0, 3),
      maximumMs: Date.UTC(2024, 0, 1, 0, 0, 9),
      bytes: bytes.length + 14,
      stderr: 1,
      malformed: 2,
    });
    expect(openResources(directory)).toEqual([]);
  });

  it('of an empty segment has no times', async () => {
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [{ firstSequence: 5, bytes: [] }]);
    const [segment] = await listLogSegments(directory);
    const found = segment && (await summarizeSegment(segment));
    expect(found).toMatchObject({ records: 0, minimumMs: Infinity, maximumMs: -Infinity, bytes: 0, malformed: 0 });
    if (found) await appendToSegmentIndex(directory, [found]);
    expect(await entriesOf(directory)).toEqual([found]);
  });

  it('of what is gone fails with the error of the system', async () => {
    const path = segmentPath(temporaryDirectory(), 1);
    await expect(summarizeSegment({ path, firstSequence: 1 })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** Whoever opens one of these fails. */
async function makeUnreadable(directory: string, ...firsts: number[]): Promise<void> {
  for (const { path, firstSequence } of await listLogSegments(directory)) {
    if (!firsts.includes(firstSequence)) continue;
    rmSync(path);
    mkdirSync(path);
  }
}

const second = (number: number) => new Date(number * 1000).toISOString();

/** Segments of two records, of these seconds. All but the last are sealed and in the index. */
async function indexedLog(...seconds: (readonly [number, number])[]): Promise<string> {
  const directory = temporaryDirectory();
  const segments = seconds.map((pair, index) => ({
    firstSequence: index * 2 + 1,
    bytes: pair.map((each, at) =>
      criRecord(`${index * 2 + at + 1}`, { time: second(each), head: at === 0 ? 'stdout F' : 'stderr F' }),
    ),
  }));
  await writeLogSegments(directory, segments);
  for (const { firstSequence } of segments.slice(0, -1)) await giveForm(directory, firstSequence, 'sealed');
  for (const each of (await listLogSegments(directory)).slice(0, -1)) {
    await appendToSegmentIndex(directory, [await summarizeSegment(each)]);
  }
  return directory;
}

const selections: readonly Partial<LogReadOptions>[] = [
  {},
  { channel: 'stdout' },
  { channel: 'stderr' },
  { sinceMs: 1000 },
  { sinceMs: 4000 },
  { untilMs: 9000 },
  { untilMs: 7000 },
  { sinceMs: 2000, untilMs: 7000, channel: 'stderr' },
];

describe('a read', () => {
  /** Reads where the segments that begin with these records cannot be opened, though they are listed. */
  async function sequencesWithout(directory: string, firsts: readonly number[], options: Partial<LogReadOptions>) {
    const listed = await listLogSegments(directory);
    await makeUnreadable(directory, ...firsts);
    const items = await readItems({ directory, segments: () => Promise.resolve(listed), ...options });
    return items.map(({ sequence, dropped }) => (dropped > 0n ? `${sequence}-${dropped}` : Number(sequence)));
  }

  it('by time does not open what is wholly before or after', async () => {
    const directory = await indexedLog([1, 2], [3, 4], [5, 6], [7, 8], [9, 10]);
    expect(await sequencesWithout(directory, [1, 3, 7], { sinceMs: 5000, untilMs: 6000 })).toEqual([5, 6]);
  });

  it('by time tells what is missing inside, and not what is missing before', async () => {
    const directory = await indexedLog([1, 2], [3, 4], [5, 6], [7, 8], [9, 10]);
    rmSync(segmentPath(directory, 3, 'sealed'));
    expect(await sequencesWithout(directory, [], { sinceMs: 4500 })).toEqual(['5-2', 6, 7, 8, 9, 10]);
    rmSync(segmentPath(directory, 7, 'sealed'));
    expect(await sequencesWithout(directory, [], { sinceMs: 4500 })).toEqual(['5-2', 6, '9-2', 10]);
    expect(await sequencesWithout(directory, [], { sinceMs: 9000 })).toEqual(['9-2', 10]);
  });

  it('by time tells nothing of what is missing after', async () => {
    const directory = await indexedLog([1, 2], [8, 9], [9, 9]);
    await writeLogSegments(directory, [
      { firstSequence: 5, bytes: [] },
      { firstSequence: 9, bytes: [criRecord('9', { time: second(10) })] },
    ]);
    expect(await sequencesWithout(directory, [3], { untilMs: 3000 })).toEqual([1, 2]);
  });

  it('by time and number tells what is missing before records that nobody asked for', async () => {
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [
      { firstSequence: 6, bytes: [] },
      { firstSequence: 7, bytes: [criRecord('7', { time: second(1) })] },
      { firstSequence: 8, bytes: [] },
    ]);
    const options = { directory, untilSequence: 7n, sinceMs: 2000 };
    const unindexed = await readItems(options);
    expect(unindexed).toMatchObject([{ sequence: 6n, dropped: 1n, level: 'warn' }]);
    for (const each of await listLogSegments(directory)) {
      await appendToSegmentIndex(directory, [await summarizeSegment(each)]);
    }
    expect(await readItems(options)).toEqual(unindexed);
  });

  it('by time finds every record where the clock stepped back', async () => {
    const directory = await indexedLog([50, 51], [1, 60], [2, 3], [40, 52], [4, 5]);
    expect(await sequencesWithout(directory, [5], { sinceMs: 45_000 })).toEqual([1, 2, 4, 8]);
    const other = await indexedLog([50, 51], [1, 60], [2, 3], [40, 52], [4, 5]);
    expect(await sequencesWithout(other, [1, 7], { untilMs: 30_000 })).toEqual([3, 5, 6, 9, 10]);
  });

  it('does not trust an index that was made of other segments', async () => {
    const directory = await indexedLog([1, 2], [3, 4], [5, 6]);
    await appendToSegmentIndex(directory, [{ ...plain(3), records: 7, minimumMs: 1000, maximumMs: 2000 }]);
    expect(await sequencesOf({ directory, sinceMs: 3000 })).toEqual([3, 4, 5, 6]);
    expect(await sequencesOf({ directory, tail: 3 })).toEqual([4, 5, 6]);
    expect(await sequencesOf({ directory, tail: 5 })).toEqual([2, 3, 4, 5, 6]);
  });

  it('delivers malformed records of segments that are out of the wanted time', async () => {
    const directory = await indexedLog([1, 2], [3, 4]);
    await append(directory, 3, 'malformed\n');
    await writeLogSegments(directory, [{ firstSequence: 6, bytes: [criRecord('6', { time: second(9) })] }]);
    for (const each of await listLogSegments(directory)) {
      await appendToSegmentIndex(directory, [await summarizeSegment(each)]);
    }
    expect(await sequencesOf({ directory, sinceMs: 9000 })).toEqual([5, 6]);
    expect(await sequencesOf({ directory, sinceMs: 9000, tail: 1 })).toEqual([6]);
    expect(await sequencesOf({ directory, sinceMs: 9000, tail: 2 })).toEqual([5, 6]);
  });

  it('by time gives a malformed record the time of what was passed over before it', async () => {
    const directory = await indexedLog([1, 2], [3, 4], [5, 6]);
    await writeLogSegments(directory, [{ firstSequence: 5, bytes: ['malformed\n'] }]);
    const items = await readItems({ directory, sinceMs: 5000 });
    expect(items.map(({ line, timestamp }) => [line, timestamp])).toEqual([['malformed', 4000n]]);
  });

  it('of a channel that a segment does not have does not open it', async () => {
    const directory = await indexedLog([1, 2], [3, 4], [5, 6]);
    const silent = { ...plain(3), records: 2, stderr: 0 };
    await appendToSegmentIndex(directory, [silent]);
    expect(await sequencesWithout(directory, [3], { channel: 'stderr' })).toEqual([2, 6]);
  });

  it('of the tail counts by the index, and opens only the segment where it begins', async () => {
    for (const options of selections) {
      const directory = await indexedLog([1, 2], [3, 4], [5, 6], [7, 8], [9, 9]);
      const all = await sequencesOf({ directory, ...options });
      for (let tail = 1; tail <= all.length; tail++) {
        expect(await sequencesOf({ directory, tail, ...options })).toEqual(all.slice(-tail));
      }
    }
    const directory = await indexedLog([1, 2], [3, 4], [5, 6], [7, 8], [9, 10]);
    expect(await sequencesWithout(directory, [1, 3], { tail: 6 })).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('is as right without the index', async () => {
    const directory = await indexedLog([50, 51], [1, 60], [2, 3], [40, 52], [4, 5]);
    const options = [{ sinceMs: 45_000 }, { untilMs: 30_000 }, { tail: 3, sinceMs: 3000 }, { tail: 7 }];
    const withIndex = await Promise.all(options.map((each) => sequencesOf({ directory, ...each })));
    rmSync(indexOf(directory));
    expect(await Promise.all(options.map((each) => sequencesOf({ directory, ...each })))).toEqual(withIndex);
  });
});

it('a read that begins far in a segment goes on there', async () => {
  // 4096 records make 256 KiB.
  const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index + 1}`.padEnd(23));
  const directory = await logOf(lines);
  for (const tail of [1, 100, 9999, 30_000 - 4097, 30_000 - 4096, 30_000 - 4095, 29_999]) {
    for (const options of [{}, { channel: 'stdout' as const }]) {
      const items = await readItems({ directory, tail, ...options });
      expect(items).toHaveLength(tail);
      expect(items.every(({ sequence, line }) => line.trim() === `line ${sequence}`)).toBe(true);
    }
  }
  await appendFile(segmentPath(directory, 1), criRecord('more'));
  expect(await sequencesOf({ directory, tail: 2 })).toEqual([30_000, 30_001]);
});

it('a tail of a file that is another one by the time it is read begins with a whole record', async () => {
  const directory = await logOf(Array.from({ length: 30_000 }, (_, index) => `line ${index + 1}`));
  let looks = 0;
  const segments: ListLogSegments = async (path) => {
    looks += 1;
    // The first look is for the tail, the second one for the read.
    if (looks === 2) {
      rmSync(segmentPath(path, 1));
      const bytes = Array.from({ length: 30_000 }, (_, index) => criRecord(`lin ${index + 1}`));
      await writeLogSegments(path, [{ firstSequence: 1, bytes }]);
    }
    return listLogSegments(path);
  };
  const items = await readItems({ directory, segments, tail: 100 });
  expect(items.length).toBeGreaterThan(50);
  expect(items.every(({ sequence, line }) => line === `lin ${sequence}`)).toBe(true);
});
