import type { observe } from '@aurae/proto';
import type { LogEntry } from './log-entry.js';

/** Makes entries of the items of one log. */
export interface EntryMaker {
  add(item: observe.LogItem): readonly LogEntry[];
  /** What is held at the end of the log. */
  flush(): readonly LogEntry[];
}

/** Each item as it came: for programs, which join lines themselves. */
export const singleItems: EntryMaker = {
  add: (item) => [{ kind: 'line', items: [item], begins: true, ends: true }],
  flush: () => [],
};
