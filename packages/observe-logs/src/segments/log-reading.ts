import type { observe } from '@aurae/proto';
import { areChunkBuffersScarce, chunkBytes, scanBytes } from './chunk-buffers.js';
import { DirectoryWatch } from './directory-watch.js';
import { ItemDecoder } from './item-decoder.js';
import type { LogEnd, LogRange } from './log-read-options.js';
import { type LogSnapshot, logSnapshot } from './log-snapshot.js';
import { lossItem } from './loss-item.js';
import { RecordFilter } from './record-filter.js';
import { SegmentKnowledge } from './segment-knowledge.js';
import { SegmentSieve } from './segment-sieve.js';
import { SegmentWalk } from './segment-walk.js';
import { type TailStart, tailStart } from './tail-start.js';
import { WakeUp } from './wake-up.js';

/** One read of a log, from its start to its end: where it is, what it waits for, and when it is over. */
export class LogReading {
  private readonly decoder: ItemDecoder;
  private readonly wakeUp = new WakeUp();
  private readonly watch: DirectoryWatch;
  private walk: SegmentWalk | undefined;
  private snapshot: LogSnapshot | undefined;
  private isStopped = false;
  private failure: Error | undefined;
  /** What comes after the last record; undefined while the writer goes on. */
  private endSequence: number | undefined;

  constructor(
    private readonly range: LogRange,
    private readonly follow: boolean | LogEnd,
  ) {
    this.decoder = new ItemDecoder(new RecordFilter(range.channel, range.sinceMs, range.untilMs));
    this.watch = new DirectoryWatch(range.directory, {
      changed: (isListing) => this.onChange(isListing),
      failed: (error) => this.onFailure(error),
    });
  }

  /** The next items, at least one; undefined at the end, and once it was told to stop. */
  async read(): Promise<observe.LogItem[] | undefined> {
    if (this.isStopped) return undefined;
    const walk = (this.walk ??= await this.start());
    while (!this.isStopped) {
      if (this.failure) throw this.failure;
      this.wakeUp.reset();
      const isLastPass = this.beginPass(walk);
      // At the writer's end there may still be a record that it did not finish.
      if (this.isOver(walk) && walk.until !== this.endSequence) return this.end(walk);
      const items = (await walk.advance()) ? this.decode(walk) : undefined;
      if (items && items.length > 0) return items;
      if (!items && isLastPass) this.loseEnd(walk);
      const isOver = this.isOver(walk);
      if (items ? isOver && walk.cursor?.isFilled : isOver || isLastPass) return this.end(walk);
      if (!items) await this.waitForMore(walk);
    }
    return undefined;
  }

  /** A read that waits returns at once, and one that reads when its chunk is there. */
  stop(): void {
    this.isStopped = true;
    this.wakeUp.wake();
  }

  /** Not while a read goes on. Twice is harmless. */
  async close(): Promise<void> {
    this.isStopped = true;
    this.watch.close();
    await this.walk?.close();
  }

  private async start(): Promise<SegmentWalk> {
    if (typeof this.follow === 'object') this.awaitEnd(this.follow);
    // An end that is known already is known before the tail is counted.
    await Promise.resolve();
    const { range } = this;
    const { directory, listSegments, tail } = range;
    if (this.follow === false || tail > 0) this.snapshot = await logSnapshot(directory, listSegments);
    const until = Math.min(range.until, this.endSequence ?? Infinity);
    const knowledge = new SegmentKnowledge(directory);
    const start = await this.tailStart(until, knowledge);
    const from = start?.sequence ?? range.from;
    const walk = new SegmentWalk({
      directory,
      listSegments,
      from,
      until,
      end: this.follow === false ? this.snapshot : undefined,
      sieve: new SegmentSieve(knowledge, range),
      ...(start?.near && { near: start.near }),
    });
    const isEmpty = (this.follow === false && !this.snapshot) || (from ?? 0) >= until;
    if (isEmpty) this.isStopped = true;
    return walk;
  }

  private async tailStart(until: number, knowledge: SegmentKnowledge): Promise<TailStart | undefined> {
    const { range, snapshot } = this;
    if (range.tail === 0 || !snapshot) return undefined;
    return tailStart({ ...range, until }, snapshot, knowledge, () => this.isStopped);
  }

  /** Whether all that there is to come is there: what this pass does not find is missing. */
  private beginPass(walk: SegmentWalk): boolean {
    this.limit(walk);
    if (this.follow === false || this.endSequence !== undefined) return true;
    if (Date.now() <= this.range.untilMs) return false;
    walk.isStale = true;
    return true;
  }

  private limit(walk: SegmentWalk): void {
    if (this.endSequence !== undefined) walk.until = Math.min(this.range.until, this.endSequence);
  }

  private decode(walk: SegmentWalk): observe.LogItem[] {
    const { cursor } = walk;
    if (!cursor) return [];
    // What it has read since the writer's end was told may be of another run.
    this.limit(walk);
    const items = this.decoder.decode(cursor, walk);
    walk.readBytes = items.length === 0 ? scanBytes : chunkBytes;
    if (items.length > 0 && areChunkBuffersScarce()) cursor.rest();
    return items;
  }

  private isOver(walk: SegmentWalk): boolean {
    return walk.cursor?.endsRecord !== false && (walk.position ?? 0) >= walk.until;
  }

  private async waitForMore(walk: SegmentWalk): Promise<void> {
    if (this.watch.isArmed) return this.wakeUp.wait(this.range.untilMs - Date.now() + 1);
    this.watch.arm();
    // What came before that was told by nobody.
    walk.isStale = true;
  }

  private loseEnd(walk: SegmentWalk): void {
    const { cursor } = walk;
    if (this.endSequence !== undefined) {
      const isTorn = cursor?.isTorn === true && cursor.nextSequence === walk.until && walk.until === this.endSequence;
      walk.loseUpTo(this.endSequence, isTorn ? 1 : 0);
    } else if (this.snapshot && !walk.reachedEnd) {
      // Removed before it was entered. Nobody can tell any more how many it had: at least one, unless it was empty.
      walk.loseUpTo(this.snapshot.last.firstSequence + (this.snapshot.sizeBytes > 0 ? 1 : 0));
    } else if (cursor?.isDamaged) walk.loseUpTo(cursor.nextSequence, 1);
  }

  private end(walk: SegmentWalk): observe.LogItem[] | undefined {
    this.stop();
    if (walk.lost === 0) return undefined;
    return [lossItem(walk.lost, Math.min(walk.position ?? 1, walk.until) - 1, this.decoder.lastTimestampMs)];
  }

  private awaitEnd({ ended }: LogEnd): void {
    ended.then(
      ({ nextSequence }) => {
        this.endSequence = Number(nextSequence);
        this.onChange(true);
      },
      (error: unknown) => this.onFailure(error instanceof Error ? error : new Error(String(error))),
    );
  }

  private onChange(isListing: boolean): void {
    if (isListing && this.walk) this.walk.isStale = true;
    this.wakeUp.wake();
  }

  private onFailure(error: Error): void {
    this.failure ??= error;
    this.wakeUp.wake();
  }
}
