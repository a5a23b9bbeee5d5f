import type { observe } from '@aurae/proto';
import { type LinePattern, withPattern } from './line-pattern.js';
import { channelOf, type LogChannel, type LogEntry, type LogLine } from './log-entry.js';

/** Lets through the lines of one log that a pattern matches, and every loss. */
export class EntryFilter {
  /** Of a line that is too long to be held, its first part decides. */
  private readonly decisions = new Map<LogChannel, boolean>();

  constructor(private readonly pattern: LinePattern) {}

  filter(entries: readonly LogEntry[]): LogEntry[] {
    if (entries.length === 0) return [];
    return withPattern(this.pattern, () => entries.filter((entry) => entry.kind === 'loss' || this.accepts(entry)));
  }

  private accepts(line: LogLine): boolean {
    const [item] = line.items;
    if (!item) return false;
    if (line.begins && line.ends) return this.pattern.matches(textOf(line.items));
    const channel = channelOf(item);
    if (line.begins) this.decisions.set(channel, this.pattern.matches(textOf(line.items)));
    return this.decisions.get(channel) ?? false;
  }
}

/** As text: what is not UTF-8 has replacement characters. */
export function textOf(items: readonly observe.LogItem[]): string {
  return items.length === 1 ? (items[0]?.line ?? '') : items.map(({ line }) => line).join('');
}
