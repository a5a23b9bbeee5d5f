import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listLogSegments, logItems, nextLogSequence, readLogSegments } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { endedBefore, nextItem, readItems, sequencesOf } from './collect.js';
import { append, criRecord, logOf, segmentPath, temporaryDirectory, writeLogSegments } from './log-files.js';

const records = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => criRecord(`line ${first + index}`));

/** A log of segments with these first sequence numbers, three records each. */
async function logFrom(...firsts: number[]): Promise<string> {
  const directory = temporaryDirectory();
  const segments = firsts.map((firstSequence) => ({ firstSequence, bytes: records(firstSequence, 3) }));
  await writeLogSegments(directory, segments);
  return directory;
}

const summary = async (options: Parameters<typeof readItems>[0]) =>
  (await readItems(options)).map(
    ({ sequence, dropped, level }) => `${sequence}${dropped ? `-${dropped}` : ''}${level}`,
  );

describe('what is missing is told', () => {
  it('between two segments', async () => {
    const directory = await logFrom(5, 10, 13);
    expect(await summary({ directory })).toEqual(['5', '6', '7', '10-2', '11', '12', '13', '14', '15']);
    expect(await summary({ directory, channel: 'stderr' })).toEqual(['15-2warn']);
  });

  it('before the first, to those who resume there', async () => {
    const directory = await logFrom(5);
    expect(await summary({ directory, afterSequence: 2n })).toEqual(['5-2', '6', '7']);
    expect(await summary({ directory, afterSequence: 5n })).toEqual(['6', '7']);
    expect(await summary({ directory, afterSequence: 7n })).toEqual([]);
    expect(await summary({ directory, afterSequence: 2n, tail: 2 })).toEqual(['6', '7']);
  });

  it('after the last, when the end is known', async () => {
    const directory = await logFrom(1);
    expect(await summary({ directory, follow: endedBefore(4) })).toEqual(['1', '2', '3']);
    expect(await summary({ directory, follow: endedBefore(6) })).toEqual(['1', '2', '3', '5-2warn']);
    await writeLogSegments(directory, [{ firstSequence: 9, bytes: [] }]);
    expect(await summary({ directory })).toEqual(['1', '2', '3', '8-5warn']);
    expect(await summary({ directory, untilSequence: 7n })).toEqual(['1', '2', '3', '6-3warn']);
  });

  it('when a record is torn, and the next segment follows', async () => {
    const directory = await logFrom(1, 4);
    await append(directory, 1, criRecord('torn').subarray(0, -1));
    expect(await summary({ directory })).toEqual(['1', '2', '3', '4-1', '5', '6']);
    const other = await logFrom(1, 6);
    await append(other, 1, criRecord('torn').subarray(0, -1));
    expect(await summary({ directory: other })).toEqual(['1', '2', '3', '6-2', '7', '8']);
  });

  it('when a segment is removed before it was read, and never by the one that is being read', async () => {
    const directory = temporaryDirectory();
    const firsts = [1, 2001, 4001, 6001];
    const segments = firsts.map((firstSequence) => ({ firstSequence, bytes: records(firstSequence, 2000) }));
    await writeLogSegments(directory, segments);
    const items = logItems(readLogSegments({ directory }));
    expect(await nextItem(items)).toMatchObject({ sequence: 1n });
    for (const first of firsts.slice(0, 3)) rmSync(segmentPath(directory, first));
    let previous = 1n;
    for await (const { sequence, dropped } of items) {
      expect(dropped).toBe(sequence === 6001n ? 4000n : 0n);
      expect(sequence).toBe(previous + dropped + 1n);
      previous = sequence;
    }
    expect(previous).toBe(8000n);
  });

  it('when the whole log is removed while it is read', async () => {
    const directory = temporaryDirectory();
    const segments = [1, 2001, 4001].map((firstSequence) => ({ firstSequence, bytes: records(firstSequence, 2000) }));
    await writeLogSegments(directory, segments);
    const items = logItems(readLogSegments({ directory }));
    await nextItem(items);
    rmSync(directory, { recursive: true });
    const rest = [];
    for await (const { sequence, dropped } of items) rest.push([sequence, dropped]);
    expect(rest).toHaveLength(2000);
    expect(rest.at(-1)).toEqual([4001n, 2001n]);
  });

  it('when a segment cannot be read, and others follow', async () => {
    const directory = await logFrom(1, 4, 7);
    rmSync(segmentPath(directory, 4));
    mkdirSync(segmentPath(directory, 4));
    const segments = async (path: string) => {
      const others = await listLogSegments(path);
      return [...others, { path: segmentPath(path, 4), firstSequence: 4 }].sort(
        (one, other) => one.firstSequence - other.firstSequence,
      );
    };
    expect(await summary({ directory, segments })).toEqual(['1', '2', '3', '7-3', '8', '9']);
    expect(await summary({ directory, segments, tail: 4 })).toEqual(['3', '7-3', '8', '9']);
    rmSync(segmentPath(directory, 7));
    await expect(readItems({ directory, segments })).rejects.toThrow(
      `Cannot read the log segment "${segmentPath(directory, 4)}": it is not a regular file`,
    );
  });
});

describe('a read', () => {
  it('does not go past the end as it was when it began', async () => {
    const directory = await logFrom(1);
    const items = logItems(readLogSegments({ directory }));
    await nextItem(items);
    await append(directory, 1, ...records(4, 3));
    await writeLogSegments(directory, [{ firstSequence: 7, bytes: records(7, 3) }]);
    const rest = [];
    for await (const { sequence } of items) rest.push(Number(sequence));
    expect(rest).toEqual([2, 3]);
  });

  it('takes no other file of the directory for a segment', async () => {
    const directory = await logFrom(1);
    for (const name of [
      '1.log',
      `${'0'.repeat(20)}.log`,
      `${'9'.repeat(20)}.log`,
      'x',
      '00000000000000000009.log.gz',
    ]) {
      writeFileSync(join(directory, name), criRecord('no'));
    }
    mkdirSync(join(directory, '00000000000000000099.log'));
    expect(await sequencesOf({ directory })).toEqual([1, 2, 3]);
    expect(await nextLogSequence(directory)).toBe(4n);
  });

  it('of an empty or absent log is empty', async () => {
    const directory = temporaryDirectory();
    expect(await readItems({ directory })).toEqual([]);
    expect(await readItems({ directory: join(directory, 'absent'), tail: 3 })).toEqual([]);
    expect(await nextLogSequence(join(directory, 'absent'))).toBe(1n);
    await writeLogSegments(directory, [{ firstSequence: 12, bytes: [] }]);
    expect(await readItems({ directory })).toEqual([]);
    expect(await nextLogSequence(directory)).toBe(12n);
  });

  it('of what is no directory fails, and names it', async () => {
    const path = segmentPath(await logOf(['a']), 1);
    await expect(readItems({ directory: path })).rejects.toThrow(`Cannot read the log directory "${path}": ENOTDIR`);
    await expect(nextLogSequence(path)).rejects.toThrow(path);
  });

  it.each([
    [{ tail: -1 }, 'tail must be an integer from 0 to 4294967295, not -1'],
    [{ sinceMs: Number.NaN }, 'sinceMs must be'],
    [{ afterSequence: -1n }, 'afterSequence must be 0 or more, not -1'],
    [{ channel: 'stdin' as 'stdout' }, 'channel must be "stdout", "stderr" or absent, not "stdin"'],
  ])('refuses %o', (options, message) => {
    expect(() => readLogSegments({ directory: '/', ...options })).toThrow(message);
  });

  it('gives batches of at most 256 items', async () => {
    const directory = await logOf(Array.from({ length: 2000 }, (_, index) => `${index}`));
    const sizes = [];
    for await (const batch of readLogSegments({ directory })) sizes.push(batch.length);
    expect(Math.max(...sizes)).toBe(256);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2000);
  });

  it('of the tail opens only the segments that it needs', async () => {
    const directory = await logFrom(1, 4, 7);
    // Whoever opens it fails.
    rmSync(segmentPath(directory, 1));
    mkdirSync(segmentPath(directory, 1));
    const segments = async (path: string) => [
      { path: segmentPath(path, 1), firstSequence: 1 },
      ...(await listLogSegments(path)),
    ];
    expect(await sequencesOf({ directory, segments, tail: 2 })).toEqual([8, 9]);
    expect(await sequencesOf({ directory, segments, tail: 4 })).toEqual([6, 7, 8, 9]);
  });
});

it('several callers that ask at once get the items in order', async () => {
  const directory = await logOf(Array.from({ length: 600 }, (_, index) => `${index}`));
  const items = logItems(readLogSegments({ directory }));
  const results = await Promise.all(Array.from({ length: 605 }, () => items.next()));
  expect(results.map(({ value }) => value?.line)).toEqual([
    ...Array.from({ length: 600 }, (_, index) => `${index}`),
    ...Array.from({ length: 5 }, () => undefined),
  ]);
});
