import { mkdirSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { observe } from '@aurae/proto';
import { listLogSegments, logItems, type LogReadOptions, readLogSegments } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { linesOf, manualEnd, nextItem, readItems } from './collect.js';
import { append, criRecord, logOf, segmentPath, temporaryDirectory, writeLogSegments } from './log-files.js';
import { openResources } from './open-resources.js';

const follower = (directory: string, options: Partial<LogReadOptions> = {}) =>
  logItems(readLogSegments({ directory, follow: true, ...options }));

/** Asks for the next item, and comes back when the reader waits for it with its watch armed. */
async function startWaiting(items: AsyncIterator<observe.LogItem>, watched: string) {
  const item = nextItem(items);
  // Whether it is awaited or not.
  item.catch(() => undefined);
  await expect.poll(() => openResources(watched)).toContain('watch');
  return { item };
}

describe('a follower', () => {
  it('gets what is written after it came to the end, also in a new segment', async () => {
    const directory = await logOf(['a']);
    const items = follower(directory);
    expect(await nextItem(items)).toMatchObject({ line: 'a', sequence: 1n });
    const { item } = await startWaiting(items, directory);
    await append(directory, 1, criRecord('b'));
    expect(await item).toMatchObject({ line: 'b', sequence: 2n, dropped: 0n });
    const next = nextItem(items);
    await writeLogSegments(directory, [{ firstSequence: 3, bytes: [criRecord('c')] }]);
    expect(await next).toMatchObject({ line: 'c', sequence: 3n, dropped: 0n });
    await items.return?.();
    expect(openResources(directory)).toEqual([]);
  });

  it('gets a record once its newline is there', async () => {
    const directory = await logOf(['a']);
    const items = follower(directory, { afterSequence: 1n });
    const { item } = await startWaiting(items, directory);
    const record = criRecord('later');
    await append(directory, 1, record.subarray(0, 35));
    expect(await linesOf({ directory })).toEqual(['a']);
    await append(directory, 1, record.subarray(35), criRecord('b'));
    expect([await item, await nextItem(items)].map(({ line }) => line)).toEqual(['later', 'b']);
    await items.return?.();
  });

  it('does not mix what was cut off again with what is written in its place', async () => {
    const directory = await logOf(['a']);
    const items = follower(directory, { afterSequence: 1n });
    const { item } = await startWaiting(items, directory);
    const size = criRecord('a').length;
    await append(directory, 1, 'x'.repeat(70_000));
    truncateSync(segmentPath(directory, 1), size);
    await append(directory, 1, criRecord('b'));
    expect(await item).toMatchObject({ line: 'b', sequence: 2n });
    await items.return?.();
  });

  it('goes on in a segment that was removed and begun anew under its name', async () => {
    const directory = temporaryDirectory();
    await writeLogSegments(directory, [{ firstSequence: 5, bytes: [] }]);
    const items = follower(directory, { afterSequence: 4n });
    const { item } = await startWaiting(items, directory);
    rmSync(segmentPath(directory, 5));
    await append(directory, 5, criRecord('five'));
    expect(await item).toMatchObject({ line: 'five', sequence: 5n, dropped: 0n });
    await items.return?.();
  });

  it('goes on in a segment that somebody has emptied', async () => {
    const directory = await logOf(['a', 'b', 'c']);
    const items = follower(directory, { afterSequence: 3n });
    const { item } = await startWaiting(items, directory);
    truncateSync(segmentPath(directory, 1));
    await append(directory, 1, criRecord('d'));
    expect(await item).toMatchObject({ line: 'd', sequence: 4n, dropped: 0n });
    const next = nextItem(items);
    await writeLogSegments(directory, [{ firstSequence: 9, bytes: [criRecord('nine')] }]);
    expect(await next).toMatchObject({ line: 'nine', sequence: 9n, dropped: 4n });
    await items.return?.();
  });

  it('misses nothing that came between its last look and its watch', async () => {
    const directory = await logOf(['a']);
    let looks = 0;
    const items = follower(directory, {
      segments: async (path) => {
        const segments = await listLogSegments(path);
        looks += 1;
        // The second look finds no successor.
        if (looks === 2) await writeLogSegments(path, [{ firstSequence: 2, bytes: [criRecord('b')] }]);
        return segments;
      },
    });
    expect([await nextItem(items), await nextItem(items)].map(({ line }) => line)).toEqual(['a', 'b']);
    await items.return?.();
  });

  it('waits for a directory that is not there yet, and for one that is made anew', async () => {
    const parent = temporaryDirectory();
    const directory = join(parent, 'deep', 'log');
    const items = follower(directory);
    const { item } = await startWaiting(items, parent);
    mkdirSync(directory, { recursive: true });
    await append(directory, 1, criRecord('a'));
    expect(await item).toMatchObject({ line: 'a', sequence: 1n });
    const again = await startWaiting(items, directory);
    rmSync(join(parent, 'deep'), { recursive: true });
    await writeLogSegments(directory, [{ firstSequence: 4, bytes: [criRecord('d')] }]);
    expect(await again.item).toMatchObject({ line: 'd', sequence: 4n, dropped: 2n });
    const moved = await startWaiting(items, directory);
    renameSync(directory, join(parent, 'moved'));
    await writeLogSegments(directory, [{ firstSequence: 5, bytes: [criRecord('e')] }]);
    expect(await moved.item).toMatchObject({ line: 'e', sequence: 5n });
    await items.return?.();
    expect(openResources(parent)).toEqual([]);
  });

  it('ends with the writer: what it did not find is told at the end', async () => {
    const directory = await logOf(['a']);
    const { ended, end } = manualEnd();
    const items = follower(directory, { follow: { ended }, afterSequence: 1n });
    const { item } = await startWaiting(items, directory);
    rmSync(directory, { recursive: true });
    end(6);
    expect(await item).toMatchObject({
      channel: '',
      line: '4 lines were lost here, at the end of the log',
      level: 'warn',
      sequence: 5n,
      dropped: 4n,
    });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('ends with the writer: what comes after its last record is of another run', async () => {
    const directory = await logOf(['a', 'b', 'c']);
    const { ended, end } = manualEnd();
    const items = follower(directory, { follow: { ended }, afterSequence: 3n });
    const { item } = await startWaiting(items, directory);
    end(5);
    await ended;
    await append(directory, 1, criRecord('d'), criRecord('e'));
    const found = await item;
    // Whether the record was there in time or not, it is delivered or told.
    expect(found).toMatchObject({ sequence: 4n });
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('fails with the error of the end', async () => {
    const directory = await logOf([]);
    const { ended, fail } = manualEnd();
    const items = follower(directory, { follow: { ended } });
    const { item } = await startWaiting(items, directory);
    fail(new Error('nobody knows the end'));
    await expect(item).rejects.toThrow('nobody knows the end');
    expect(openResources(directory)).toEqual([]);
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('ends when the clock has passed untilMs', async () => {
    const directory = await logOf(['a']);
    expect(await linesOf({ directory, follow: true, untilMs: Date.UTC(2025) })).toEqual(['a']);
    expect(await linesOf({ directory, follow: true, untilMs: Date.now() + 50 })).toEqual(['a']);
    expect(openResources(directory)).toEqual([]);
  });

  it('ends before untilSequence', async () => {
    const directory = await logOf(['a', 'b']);
    const read = linesOf({ directory, follow: true, untilSequence: 4n });
    await append(directory, 1, criRecord('c'), criRecord('d'));
    expect(await read).toEqual(['a', 'b', 'c']);
  });

  it('starts with the tail, and counts what comes later as no part of it', async () => {
    const directory = await logOf(['a', 'b', 'c']);
    const items = follower(directory, { tail: 2 });
    expect([await nextItem(items), await nextItem(items)].map(({ line }) => line)).toEqual(['b', 'c']);
    await append(directory, 1, criRecord('d'));
    expect(await nextItem(items)).toMatchObject({ line: 'd', sequence: 4n });
    await items.return?.();
  });
});

it('many followers of many logs get every line', async () => {
  const directories = await Promise.all(Array.from({ length: 40 }, () => logOf(['first'])));
  const signal = new AbortController().signal;
  const ends = directories.map(() => manualEnd());
  const reads = directories.flatMap((directory, index) =>
    [0, 1, 2].map(() => linesOf({ directory, signal, follow: ends[index] ?? false })),
  );
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  for (const [index, line] of lines.entries()) {
    await Promise.all(
      directories.map((directory) => append(directory, index < 15 ? 1 : 17, criRecord(index === 15 ? 'last' : line))),
    );
    if (index === 15)
      for (const directory of directories) expect(await linesOf({ directory, tail: 1 })).toEqual(['last']);
  }
  for (const { end } of ends) end(32);
  const expected = ['first', ...lines.map((line, index) => (index === 15 ? 'last' : line))];
  for (const read of reads) expect(await read).toEqual(expected);
  for (const directory of directories) expect(openResources(directory)).toEqual([]);
  expect(await readItems({ directory: directories[0] ?? '', afterSequence: 31n })).toEqual([]);
});
