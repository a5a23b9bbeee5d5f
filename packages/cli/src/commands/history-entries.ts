import type { schedule } from '@aurae/proto';

/** An entry of a history, and how often it is there in a row. */
export interface CountedEntry {
  readonly entry: schedule.HistoryEntry;
  readonly count: number;
}

export interface ShownEntries {
  readonly entries: readonly CountedEntry[];
  /** How many earlier ones are left out. */
  readonly earlier: number;
}

/** The last entries; those that only say again what it waits for count as one, which is as old as the last of them. */
export function lastEntries(all: readonly schedule.HistoryEntry[], most: number): ShownEntries {
  const counted: CountedEntry[] = [];
  for (const entry of all) {
    const before = counted.at(-1);
    const isAgain =
      entry.type === 'waiting' && before?.entry.type === 'waiting' && before.entry.message === entry.message;
    if (isAgain) counted.splice(-1, 1, { entry, count: before.count + 1 });
    else counted.push({ entry, count: 1 });
  }
  const entries = counted.slice(Math.max(0, counted.length - most));
  return { entries, earlier: all.length - entries.reduce((sum, { count }) => sum + count, 0) };
}
