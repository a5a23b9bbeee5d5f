import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { observe } from '@aurae/proto';
import { logItems, type LogEnd, nextLogSequence, readLogSegments } from '@aurae/observe-logs';
import { expect, it } from 'vitest';
import { readItems } from './collect.js';
import { temporaryDirectory } from './log-files.js';
import { openResources } from './open-resources.js';

const program = fileURLToPath(new URL('rotating-writer.js', import.meta.url));

/** A writer in a process of its own. */
function startWriter(directory: string, records: number, recordsPerSegment: number, segmentsKept: number): LogEnd {
  const settings = [records, recordsPerSegment, segmentsKept].map(String);
  const done = promisify(execFile)(process.execPath, [program, directory, ...settings]);
  return { ended: done.then(() => ({ nextSequence: BigInt(records + 1) })) };
}

/** Every number from 1 to `last` is there or is told as missing. */
function expectWhole(items: readonly observe.LogItem[], last: number): void {
  let position = 0;
  for (const { sequence, dropped, line, level } of items) {
    const isNotice = level === 'warn';
    expect(Number(sequence)).toBe(position + Number(dropped) + (isNotice ? 0 : 1));
    if (!isNotice) expect(line.split(' ')[1]).toBe(String(sequence));
    position = Number(sequence);
  }
  expect(position).toBe(last);
}

it('a follower gets everything that a process writes meanwhile, through every rotation', async () => {
  const directory = join(temporaryDirectory(), 'run', 'log');
  const follow = startWriter(directory, 60_000, 1000, 1000);
  const [both, again, stderr] = await Promise.all([
    readItems({ directory, follow, afterSequence: 0n }),
    readItems({ directory, follow, afterSequence: 100n, untilSequence: 50_000n }),
    readItems({ directory, follow, afterSequence: 0n, channel: 'stderr' }),
  ]);
  expect(both).toHaveLength(60_000);
  expectWhole(both, 60_000);
  expect(again.map(({ sequence }) => Number(sequence))).toEqual(
    Array.from({ length: 49_899 }, (_, index) => index + 101),
  );
  expect(stderr).toEqual(both.filter(({ channel }) => channel === 'stderr'));
  expect(await nextLogSequence(directory)).toBe(60_001n);
  expect(openResources(directory)).toEqual([]);
});

it('a follower of a log that is faster than it is told of everything that was removed', async () => {
  const directory = temporaryDirectory();
  const follow = startWriter(directory, 60_000, 100, 3);
  const items: observe.LogItem[] = [];
  for await (const batch of readLogSegments({ directory, follow, afterSequence: 0n })) {
    items.push(...batch);
    // It is away while the writer goes on to its end.
    await follow.ended;
  }
  expectWhole(items, 60_000);
  expect(items.length).toBeLessThan(2000);
  expect(items.some(({ dropped }) => dropped > 50_000n)).toBe(true);
  expect(openResources(directory)).toEqual([]);
});

it('a follower of a log that is removed behind it gets or is told of every record', async () => {
  const directory = temporaryDirectory();
  const follow = startWriter(directory, 40_000, 50, 2);
  const items: observe.LogItem[] = [];
  for await (const item of logItems(readLogSegments({ directory, follow, afterSequence: 0n }))) items.push(item);
  expectWhole(items, 40_000);
});
