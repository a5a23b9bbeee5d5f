import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  appendToSegmentIndex,
  listLogSegments,
  type LogReadOptions,
  nextLogSequence,
  readLogSegments,
  summarizeSegment,
} from '@aurae/observe-logs';
import { expect, it } from 'vitest';
import { compressSegment, sealSegment, temporaryDirectory } from './log-files.js';
import { openResources } from './open-resources.js';

const program = fileURLToPath(new URL('rotating-writer.js', import.meta.url));
const records = 40_000;

/** Does what the keeper does, as fast as it can, until the writer has ended and everything is done. */
async function keep(directory: string, ended: Promise<unknown>): Promise<void> {
  let isEnded = false;
  void ended.then(() => (isEnded = true));
  for (let isIdle = false; !isIdle || !isEnded; ) {
    const wasEnded = isEnded;
    const complete = (await listLogSegments(directory)).slice(0, -1);
    const next = complete.find(({ form }) => form !== 'compressed');
    if (next?.form === 'written') {
      await sealSegment(directory, next.firstSequence);
      const [sealed] = (await listLogSegments(directory)).filter((each) => each.firstSequence === next.firstSequence);
      if (sealed) await appendToSegmentIndex(directory, [await summarizeSegment(sealed)]);
    } else if (next) await compressSegment(directory, next.firstSequence);
    else await new Promise((resolve) => setImmediate(resolve));
    isIdle = !next && wasEnded;
  }
}

/** How many records it got, and how many of those were not the one after the last, or came after a loss. */
async function follow(options: LogReadOptions): Promise<{ count: number; last: number; faults: number }> {
  let [count, last, faults] = [0, 0, 0];
  for await (const items of readLogSegments(options)) {
    for (const { sequence, dropped, line } of items) {
      const number = Number(sequence);
      if ((last > 0 && number !== last + 1) || dropped > 0n || line.split(' ')[1] !== String(number)) faults += 1;
      last = number;
      count += 1;
    }
  }
  return { count, last, faults };
}

it('twenty followers get every record of segments that are rotated, sealed, indexed and compressed meanwhile', async () => {
  const directory = temporaryDirectory();
  const settings = [directory, records, 500, 100_000].map(String);
  const writer = promisify(execFile)(process.execPath, [program, ...settings]);
  const ended = writer.then(() => ({ nextSequence: BigInt(records + 1) }));
  const followers = Array.from({ length: 20 }, (_, index) =>
    follow({ directory, follow: { ended }, afterSequence: BigInt(index * 1000) }),
  );
  // Some that come later, and begin wherever the log is by then.
  const late = ended.then(() =>
    Promise.all([
      follow({ directory, afterSequence: 0n }),
      follow({ directory, tail: 12_345 }),
      follow({ directory, tail: 100, sinceMs: 1 }),
      follow({ directory, afterSequence: 0n, sinceMs: 1 }),
    ]),
  );
  await keep(directory, ended);
  for (const [index, each] of (await Promise.all(followers)).entries()) {
    expect(each).toEqual({ count: records - index * 1000, last: records, faults: 0 });
  }
  const counts = (await late).map(({ count, last, faults }) => [count, last, faults]);
  expect(counts).toEqual([records, 12_345, 100, records].map((count) => [count, records, 0]));
  expect(await nextLogSequence(directory)).toBe(BigInt(records + 1));
  expect(openResources(directory)).toEqual([]);
});
