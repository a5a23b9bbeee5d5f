import type { observe } from '@aurae/proto';
import { logItems, type LogReadOptions, readLogSegments } from '@aurae/observe-logs';
import { expect } from 'vitest';

export async function readItems(options: LogReadOptions): Promise<observe.LogItem[]> {
  const items = [];
  for await (const item of logItems(readLogSegments(options))) items.push(item);
  return items;
}

export const linesOf = async (options: LogReadOptions) => (await readItems(options)).map(({ line }) => line);

export const sequencesOf = async (options: LogReadOptions) =>
  (await readItems(options)).map(({ sequence }) => Number(sequence));

/** The next item, which has to be there or to come. */
export async function nextItem(items: AsyncIterator<observe.LogItem>): Promise<observe.LogItem> {
  const { done, value } = await items.next();
  if (done) expect.unreachable('the log has ended');
  return value as observe.LogItem;
}

/** An end that the test tells. */
export function manualEnd() {
  let end: (nextSequence: number) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const ended = new Promise<{ nextSequence: bigint }>((resolve, reject) => {
    end = (nextSequence) => resolve({ nextSequence: BigInt(nextSequence) });
    fail = reject;
  });
  return { ended, end, fail };
}

export const endedBefore = (nextSequence: number) => ({
  ended: Promise.resolve({ nextSequence: BigInt(nextSequence) }),
});
