import type { observe } from '@aurae/proto';
import { EntryFilter } from './entry-filter.js';
import type { EntryMaker } from './entry-maker.js';
import { LastEntries } from './last-entries.js';
import type { LinePattern } from './line-pattern.js';
import type { LogEntry } from './log-entry.js';
import type { LogFeed } from './log-feed.js';

export interface EntryOptions {
  readonly feed: LogFeed;
  readonly makeEntries: () => EntryMaker;
  readonly pattern: LinePattern | undefined;
  /** At most so many lines of the backlog; 0 means all. */
  readonly tail: number;
  /** A line whose end is missing may get it yet. */
  readonly follow: boolean;
  /** What they may take, UTF-16 units, about. */
  readonly maximumTail: number;
  /** Hears how many lines were too much for that. */
  readonly onTooLarge: (lines: number) => void;
}

type Entries = AsyncGenerator<readonly LogEntry[]>;

/** How far one looks back at first for the last lines that match; and then ten times as far, until they are found. */
const firstLook = 10_000;
const maximumUint32 = 0xffff_ffff;

/** The lines of one log that are wanted: those that are there, and those that come. */
export class FeedEntries {
  private maker: EntryMaker;
  private filter: EntryFilter | undefined;

  constructor(private readonly options: EntryOptions) {
    this.maker = options.makeEntries();
    this.filter = options.pattern && new EntryFilter(options.pattern);
  }

  async *backlog(signal: AbortSignal): Entries {
    const { feed, tail, pattern } = this.options;
    if (pattern && tail > 0) {
      yield await this.lastMatching(signal);
      return;
    }
    for await (const items of feed.backlog(tail, signal)) yield this.entriesOf(items);
  }

  async *rest(signal: AbortSignal): Entries {
    for await (const items of this.options.feed.rest(signal)) yield this.entriesOf(items);
    yield this.flush();
  }

  private flush(): readonly LogEntry[] {
    const held = this.maker.flush();
    return this.filter?.filter(held) ?? held;
  }

  private entriesOf(items: readonly observe.LogItem[]): readonly LogEntry[] {
    const entries = items.flatMap((item) => this.maker.add(item));
    return this.filter?.filter(entries) ?? entries;
  }

  private async lastMatching(signal: AbortSignal): Promise<LogEntry[]> {
    const { tail, maximumTail, onTooLarge, follow } = this.options;
    for (let look = Math.max(firstLook, 10 * tail); ; look *= 10) {
      const isAll = look > maximumUint32;
      this.beginAnew();
      const last = new LastEntries(tail, maximumTail);
      const count = await this.collect(isAll ? 0 : look, last, signal);
      if (!follow) this.addAll(this.flush(), last);
      if (!isAll && last.count < tail && last.tooLarge === 0 && count >= look) continue;
      if (last.tooLarge > 0) onTooLarge(last.tooLarge);
      return last.take();
    }
  }

  /** How many items there were. */
  private async collect(look: number, last: LastEntries, signal: AbortSignal): Promise<number> {
    let count = 0;
    for await (const items of this.options.feed.backlog(look, signal)) {
      count += items.length;
      this.addAll(this.entriesOf(items), last);
    }
    return count;
  }

  private addAll(entries: readonly LogEntry[], last: LastEntries): void {
    for (const entry of entries) last.add(entry);
  }

  private beginAnew(): void {
    const { makeEntries, pattern } = this.options;
    this.maker = makeEntries();
    this.filter = pattern && new EntryFilter(pattern);
  }
}
