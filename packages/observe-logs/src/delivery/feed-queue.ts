import type { observe } from '@aurae/proto';
import { type LogPlace, placeAfter } from './log-place.js';
import type { SourceLoss } from './log-source.js';
import type { ReadAhead } from './read-ahead.js';

/** What an item takes in memory, beyond its text. */
const itemOverheadBytes = 256;

/** Why lines are missing that the log itself has not any more. */
export const goneReason = 'they were gone from the log before the log sink took them';

interface QueuedBatch {
  readonly logId: string;
  readonly items: readonly observe.LogItem[];
  /** Of each item, in bytes. */
  readonly sizes: Uint32Array;
  /** Before the first item. A batch without items has nothing else. */
  readonly loss: SourceLoss | undefined;
  /** After all of it. */
  readonly end: LogPlace;
  readonly usedBytes: number;
}

/** Batches of one log on their way to a sink, item by item. */
export class FeedQueue {
  lines = 0;
  bytes = 0;
  private readonly batches: QueuedBatch[] = [];
  /** Of the next item in the first batch. */
  private index = 0;
  private taken: LogPlace;

  /** @param place before the first batch */
  constructor(
    place: LogPlace,
    private readonly readAhead: ReadAhead,
  ) {
    this.taken = place;
  }

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  get nextBytes(): number {
    return this.batches[0]?.sizes[this.index] ?? 0;
  }

  get nextLoss(): SourceLoss | undefined {
    const batch = this.batches[0];
    const dropped = batch?.items[this.index]?.dropped ?? 0n;
    const before = this.index === 0 ? batch?.loss : undefined;
    if (dropped === 0n) return before;
    return { lines: Number(dropped) + (before?.lines ?? 0), reason: before?.reason ?? goneReason };
  }

  /** @param loss before the first item, beyond what that tells itself */
  add(logId: string, items: readonly observe.LogItem[], loss?: SourceLoss): void {
    const last = items.at(-1);
    if (!last) return;
    const sizes = new Uint32Array(items.length);
    let bytes = 0;
    for (const [index, item] of items.entries()) bytes += sizes[index] = itemBytes(item);
    const usedBytes = bytes + items.length * itemOverheadBytes;
    this.count(items.length, bytes);
    this.push({ logId, items, sizes, loss, end: placeAfter(logId, last), usedBytes });
  }

  /** A loss that no item follows. */
  addLoss(loss: SourceLoss, end: LogPlace): void {
    const { logId } = end;
    this.push({ logId, items: [], sizes: new Uint32Array(0), loss, end, usedBytes: itemOverheadBytes });
  }

  next(): observe.LogItem | undefined {
    const batch = this.batches[0];
    if (!batch) return undefined;
    const item = batch.items[this.index];
    if (item) this.count(-1, -this.nextBytes);
    this.index += 1;
    if (this.index >= batch.items.length) this.finishBatch(batch);
    return item;
  }

  /** After what was taken. Another object whenever a batch was finished. */
  place(): LogPlace {
    const batch = this.batches[0];
    const last = this.index > 0 ? batch?.items[this.index - 1] : undefined;
    if (batch && last) this.taken = placeAfter(batch.logId, last);
    return this.taken;
  }

  private push(batch: QueuedBatch): void {
    this.batches.push(batch);
    this.readAhead.hold(batch.usedBytes);
  }

  private finishBatch(batch: QueuedBatch): void {
    this.batches.shift();
    this.index = 0;
    this.taken = batch.end;
    this.readAhead.release(batch.usedBytes);
  }

  private count(lines: number, bytes: number): void {
    this.lines += lines;
    this.bytes += bytes;
    this.readAhead.lines += lines;
    this.readAhead.bytes += bytes;
  }
}

function itemBytes({ line, fieldsJson, lineBytes }: observe.LogItem): number {
  const fieldsBytes = fieldsJson === '' ? 0 : Buffer.byteLength(fieldsJson);
  return Buffer.byteLength(line) + fieldsBytes + lineBytes.length;
}
