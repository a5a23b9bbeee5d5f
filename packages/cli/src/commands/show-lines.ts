import { InterruptedError, UsageError } from '../failures.js';
import { exitCodes } from '../exit-codes.js';
import { asItComes } from '../following/as-it-comes.js';
import type { Interruption } from '../interruption.js';
import { singleItems } from '../logs/entry-maker.js';
import { EntryWriter, type WrittenLog } from '../logs/entry-writer.js';
import { FeedEntries } from '../logs/feed-entries.js';
import { LineJoiner } from '../logs/line-joiner.js';
import { type LinePattern, withPattern } from '../logs/line-pattern.js';
import type { LogEntry } from '../logs/log-entry.js';
import type { LogFeed } from '../logs/log-feed.js';
import { mergeByTime, type SourcedEntry } from '../logs/merge-by-time.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';
import { nameStyles } from '../output/name-styles.js';
import { OutputStream } from '../output/output-stream.js';
import { describeError } from '../report-error.js';
import type { LogsOptions } from './logs-options.js';

export interface LinesPlan {
  readonly feeds: readonly LogFeed[];
  readonly options: LogsOptions;
  readonly pattern: LinePattern | undefined;
  readonly interruption: Interruption;
}

/** Of the last lines that match, for all logs together: UTF-16 units, about. */
const heldTail = 32 * 1024 * 1024;

/** The lines of many logs, or those that a pattern matches: first what is there, by time, and then as it comes. */
export async function showLines(plan: LinesPlan): Promise<number> {
  return await new LinesView(plan).show();
}

class LinesView {
  private hasFailed = false;
  private readonly writer: EntryWriter;
  private readonly styles;
  private readonly sources: readonly FeedEntries[];
  private readonly stderr = new OutputStream(process.stderr);
  private readonly complaints = new Set<string>();
  private readonly broken = new Set<number>();

  constructor(private readonly plan: LinesPlan) {
    const { feeds, options, pattern } = plan;
    this.writer = new EntryWriter({ ...options, pattern });
    this.styles = nameStyles(feeds.map(({ label }) => label));
    const isItemwise = options.output === 'json' && !pattern;
    this.sources = feeds.map(
      (feed) =>
        new FeedEntries({
          feed,
          pattern,
          makeEntries: () => (isItemwise ? singleItems : new LineJoiner()),
          tail: options.tail ?? 0,
          follow: options.follow === true,
          maximumTail: heldTail / feeds.length,
          onTooLarge: (lines) => this.note(`${feed.label}: ${lines} more lines of its tail are too much to be held`),
        }),
    );
  }

  async show(): Promise<number> {
    const { signal } = this.plan.interruption;
    const backlogs = this.sources.map((source, index) => this.enduring(source.backlog(signal), index));
    for await (const merged of mergeByTime(backlogs)) {
      if (!(await this.write(merged))) return this.exitCode;
    }
    const rests = this.sources.map((source, index) => (own: AbortSignal) => this.rest(source, index, own));
    for await (const merged of asItComes(rests, signal)) {
      if (!(await this.write(merged))) break;
    }
    return this.exitCode;
  }

  private get exitCode(): number {
    return this.hasFailed ? exitCodes.failure : exitCodes.success;
  }

  private async *rest(source: FeedEntries, index: number, signal: AbortSignal): AsyncGenerator<SourcedEntry[]> {
    if (this.broken.has(index)) return;
    for await (const entries of this.enduring(source.rest(signal), index)) {
      yield entries.map((entry) => ({ source: index, entry }));
    }
  }

  /** The end of one log is not that of the others. */
  private async *enduring(
    entries: AsyncIterable<readonly LogEntry[]>,
    index: number,
  ): AsyncGenerator<readonly LogEntry[]> {
    try {
      yield* entries;
    } catch (error) {
      const { interruption, feeds } = this.plan;
      const isAlone = feeds.length === 1;
      const isOfAll = error instanceof UsageError || error instanceof InterruptedError || interruption.signal.aborted;
      if (isAlone || isOfAll) throw error;
      this.broken.add(index);
      this.complain(error);
    }
  }

  private async write(merged: readonly SourcedEntry[]): Promise<boolean> {
    const logs = this.plan.feeds.map((_, index) => this.logOf(index));
    const add = () => merged.forEach(({ source, entry }) => this.writer.add(entry, logs[source] as WrittenLog));
    // What is found stands out on a terminal, and has to be looked for once more.
    if (this.plan.pattern) withPattern(this.plan.pattern, add);
    else add();
    return await this.plan.interruption.race(this.writer.flush());
  }

  private logOf(index: number): WrittenLog {
    const { feeds } = this.plan;
    const feed = feeds[index] as LogFeed;
    const width = Math.max(...feeds.map(({ label }) => escapeControlCharacters(label).length));
    const prefix = feeds.length === 1 ? '' : `${escapeControlCharacters(feed.label).padEnd(width)} | `;
    return { prefix, style: this.styles[index], workload: feed.workload };
  }

  /** That no daemon answers is said once, and not for each name. */
  private complain(error: unknown): void {
    this.hasFailed = true;
    const complaint = describeError(error, this.plan.options.output === 'json');
    if (this.complaints.has(complaint)) return;
    this.complaints.add(complaint);
    this.stderr.write(complaint).catch(() => undefined);
  }

  private note(text: string): void {
    if (this.plan.options.output !== 'json') this.stderr.write(`aurae: note: ${text}\n`).catch(() => undefined);
  }
}
