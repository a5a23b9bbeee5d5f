import type { observe } from '@aurae/proto';
import { type FeedQueue, goneReason } from './feed-queue.js';
import { isSameLog, type LogPlace, mayGoOn } from './log-place.js';
import type { SourceLoss } from './log-source.js';

export const nowhere: LogPlace = { logId: '', afterSequence: 0n };

/** Puts what is read of one log into its queue: nothing twice, and what is missing told, whenever a stream is opened anew. */
export class FeedIntake {
  /** After what was read; undefined as long as nothing is known of the log. */
  private readTo: LogPlace | undefined;
  /** Items with the last sequence number that were read, if that record may go on; else 0. */
  private unfinishedItems = 0;
  /** Of those, what the stream has yet to bring again. */
  private knownItems = 0;
  /** Where the stream was opened, until it has brought something. */
  private opened: LogPlace | undefined;

  /**
   * @param place after what was read before; undefined when nothing is known
   * @param onBegin is told the place before the first item of a log that was not known
   */
  constructor(
    place: LogPlace | undefined,
    private readonly queue: FeedQueue,
    private readonly onBegin: (place: LogPlace) => void,
  ) {
    this.readTo = place;
  }

  /** Sequence number of the last item that was read; 0n before the first. */
  get lastRead(): bigint {
    return this.readTo?.afterSequence ?? 0n;
  }

  /** Where the next stream has to begin. */
  open(): LogPlace {
    const { readTo = nowhere, unfinishedItems } = this;
    this.knownItems = unfinishedItems;
    // Parts of a record have one sequence number: the whole record has to be read again.
    this.opened = unfinishedItems === 0 ? readTo : { ...readTo, afterSequence: readTo.afterSequence - 1n };
    return this.opened;
  }

  admit({ items, logId }: observe.LogBatch): void {
    const [first] = items;
    if (!first) return;
    const id = logId || this.readTo?.logId || '';
    const loss = this.lossBefore(id, first);
    this.opened = undefined;
    this.enqueue(id, this.knownItems > 0 ? this.withoutKnown(items) : items, loss);
  }

  /** The log is gone, and nobody can tell what it had beyond what was read. */
  loseRest(reason: string): void {
    this.queue.addLoss({ lines: 0, reason }, { ...(this.readTo ?? nowhere) });
  }

  /** Whatever comes next is of a log of which nothing is known. */
  reset(): void {
    this.readTo = undefined;
    this.unfinishedItems = 0;
  }

  private enqueue(logId: string, items: readonly observe.LogItem[], loss: SourceLoss | undefined): void {
    const last = items.at(-1);
    if (!last) return;
    const records = isNotice(last) ? items.slice(0, -1) : items;
    this.countUnfinished(records, last);
    this.queue.add(logId, records, loss);
    this.readTo = { logId, afterSequence: last.sequence };
    if (records.length === items.length) return;
    const before = records.length === 0 ? loss : undefined;
    const lines = Number(last.dropped) + (before?.lines ?? 0);
    this.queue.addLoss({ lines, reason: before?.reason ?? goneReason }, this.readTo);
  }

  /** What is missing between what was read before and a batch, beyond what the batch tells. */
  private lossBefore(logId: string, first: observe.LogItem): SourceLoss | undefined {
    const before = first.sequence - first.dropped - (isNotice(first) ? 0n : 1n);
    if (!this.readTo) {
      this.onBegin({ logId, afterSequence: before });
      return undefined;
    }
    if (!isSameLog(this.readTo.logId, logId)) {
      this.unfinishedItems = this.knownItems = 0;
      this.onBegin({ logId, afterSequence: 0n });
      return { lines: Number(before), reason: 'the log was begun anew before the log sink had all of the one before' };
    }
    const missing = this.opened ? before - this.opened.afterSequence : 0n;
    return missing > 0n ? { lines: Number(missing), reason: goneReason } : undefined;
  }

  private withoutKnown(items: readonly observe.LogItem[]): readonly observe.LogItem[] {
    const sequence = this.readTo?.afterSequence;
    let known = 0;
    while (known < this.knownItems && items[known]?.sequence === sequence) known += 1;
    this.knownItems = known === items.length ? this.knownItems - known : 0;
    return items.slice(known);
  }

  private countUnfinished(items: readonly observe.LogItem[], last: observe.LogItem): void {
    if (!mayGoOn(last)) {
      this.unfinishedItems = 0;
      return;
    }
    const start = items.findLastIndex(({ sequence }) => sequence !== last.sequence) + 1;
    const goesOn = start === 0 && this.readTo?.afterSequence === last.sequence;
    this.unfinishedItems = items.length - start + (goesOn ? this.unfinishedItems : 0);
  }
}

/** At the end of a log whose last records are missing, an item without a channel tells how many. */
function isNotice({ channel, level, dropped }: observe.LogItem): boolean {
  return channel === '' && level === 'warn' && dropped > 0n;
}
