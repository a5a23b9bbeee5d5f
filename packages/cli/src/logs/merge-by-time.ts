import { type LogEntry, timestampOf } from './log-entry.js';

/** Entries of one of many logs. */
export interface SourcedEntry {
  /** Which of the logs, from 0 up. */
  readonly source: number;
  readonly entry: LogEntry;
}

interface Head {
  readonly source: number;
  readonly batches: AsyncIterator<readonly LogEntry[]>;
  entries: readonly LogEntry[];
  index: number;
}

/**
 * Logs that end as one, in the order of their times; within a log its own order is kept, also where a clock was set back.
 * Of each log one batch is held.
 */
export async function* mergeByTime(
  logs: readonly AsyncIterable<readonly LogEntry[]>[],
): AsyncGenerator<readonly SourcedEntry[]> {
  const heads = logs.map((log, source): Head => {
    return { source, batches: log[Symbol.asyncIterator](), entries: [], index: 0 };
  });
  try {
    let living = await livingOf(heads);
    while (living.length > 0) {
      yield untilOneIsUsedUp(living);
      living = await livingOf(living);
    }
  } finally {
    await Promise.all(heads.map(({ batches }) => batches.return?.()));
  }
}

async function livingOf(heads: readonly Head[]): Promise<Head[]> {
  const filled = await Promise.all(heads.map(fill));
  return heads.filter((_, index) => filled[index]);
}

/** False at the end of the log. */
async function fill(head: Head): Promise<boolean> {
  while (head.index === head.entries.length) {
    const { done, value } = await head.batches.next();
    if (done) return false;
    head.entries = value;
    head.index = 0;
  }
  return true;
}

function untilOneIsUsedUp(heads: readonly Head[]): SourcedEntry[] {
  const merged: SourcedEntry[] = [];
  for (;;) {
    const head = earliest(heads);
    merged.push({ source: head.source, entry: head.entries[head.index] as LogEntry });
    head.index += 1;
    if (head.index === head.entries.length) return merged;
  }
}

function earliest(heads: readonly Head[]): Head {
  let first = heads[0] as Head;
  if (heads.length === 1) return first;
  let time = timeOf(first);
  for (const head of heads) {
    const other = timeOf(head);
    if (other < time) {
      first = head;
      time = other;
    }
  }
  return first;
}

function timeOf({ entries, index }: Head): bigint {
  return timestampOf(entries[index] as LogEntry);
}
