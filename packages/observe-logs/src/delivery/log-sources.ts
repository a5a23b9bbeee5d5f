import type { meta } from '@aurae/proto';
import type { Clock } from '../clock.js';
import type { LogCursor } from '../ring/log-cursor.js';
import type { LogSource, SourceLoss } from './log-source.js';
import { ReadAhead } from './read-ahead.js';
import { RingSource } from './ring-source.js';
import { type LogBatchLimits, type Slice, TakenBatch } from './taken-batch.js';

/** The logs that one sink follows, each with the sink's place in it. Logs with news are served in turn. */
export class LogSources {
  readonly readAhead: ReadAhead;
  private readonly rings = new Set<RingSource>();
  /** In the order in which they are served. */
  private readonly ready = new Set<LogSource>();
  /** What the sink did not take of each log, and has not been told of. */
  private readonly untold = new Map<LogSource, SourceLoss>();

  /** @param onNews called whenever there is something more to take */
  constructor(
    private readonly sinkName: string,
    private readonly clock: Clock,
    private readonly limits: LogBatchLimits,
    private readonly onNews: () => void,
  ) {
    this.readAhead = new ReadAhead(Math.max(8 * 1024 * 1024, 4 * limits.maximumBytes));
  }

  addRing(cursor: LogCursor, workload: meta.WorkloadReference | undefined): void {
    const ring: RingSource = new RingSource(
      cursor,
      workload,
      () => this.announce(ring),
      () => this.rings.delete(ring),
    );
    this.rings.add(ring);
    ring.start();
  }

  /** Tells of a log with news. */
  announce(source: LogSource): void {
    this.ready.add(source);
    this.onNews();
  }

  get hasNews(): boolean {
    return this.ready.size > 0;
  }

  get hasUntold(): boolean {
    return this.untold.size > 0;
  }

  /** Whether to wait for more would not make the next batch any larger. */
  get isFull(): boolean {
    const { maximumItems, maximumBytes } = this.limits;
    return this.unreadLines >= maximumItems || this.readAhead.bytes >= maximumBytes || !this.readAhead.isPlenty;
  }

  /** Lines that can be taken now. */
  get unreadLines(): number {
    let lines = this.readAhead.lines;
    for (const ring of this.rings) lines += ring.unreadLines;
    return lines;
  }

  /** Lines that are lost already, and that no batch has told of yet. */
  get lostLines(): number {
    let lines = 0;
    for (const ring of this.rings) lines += ring.lostLines;
    return lines;
  }

  /** The next batch. It begins with what the sink has to be told of batches before. */
  take(): TakenBatch {
    const batch = new TakenBatch(this.sinkName, this.limits, BigInt(Math.trunc(this.clock.now())));
    for (const source of this.untold.keys()) {
      if (batch.room <= 2) break;
      batch.end(this.begin(source, batch));
    }
    for (const source of this.ready) {
      const isFull = this.takeFrom(source, batch);
      // Whoever filled this batch goes to the end of the row for the next one.
      this.ready.delete(source);
      if (source.hasNext) this.ready.add(source);
      if (isFull) break;
    }
    return batch;
  }

  /** The sink has it. */
  accept({ slices }: TakenBatch): void {
    for (const { source, place } of slices) source.settle(place);
  }

  /** The sink will never have it: it is told so before anything else of these logs, and only then are they settled. */
  giveUp({ slices }: TakenBatch, reason: string): void {
    for (const { source, lines, toldLines } of slices) {
      const before = this.untold.get(source)?.lines ?? 0;
      this.untold.set(source, { lines: before + lines + toldLines, reason });
    }
  }

  /** Lets go of the logs in memory. */
  stop(): void {
    this.readAhead.stop();
    for (const ring of this.rings) ring.stop();
  }

  /** Takes what there is room for. True: the batch is full. */
  private takeFrom(source: LogSource, batch: TakenBatch): boolean {
    if (this.untold.has(source) && batch.room < 2) return true;
    const slice = this.begin(source, batch);
    const isFull = batch.fill(slice);
    batch.end(slice);
    return isFull;
  }

  /** Begins with what the sink has to be told of the log. */
  private begin(source: LogSource, batch: TakenBatch): Slice {
    const slice = batch.begin(source);
    const loss = this.untold.get(source);
    if (loss) batch.tell(slice, loss);
    this.untold.delete(source);
    return slice;
  }
}
