import type { Clock } from '../clock.js';
import { DelayedQueue } from './delayed-queue.js';
import type { KeptWorkloadLog } from './kept-workload-log.js';
import type { CompleteSegment } from './log-ledger.js';

export interface SegmentCareOptions {
  readonly clock: Clock;
  /** Whether complete segments are compressed, but for the newest of each log. */
  readonly compress: boolean;
  /** Whether there is so little room that they are compressed at once. */
  readonly isShort: () => boolean;
}

interface SegmentOfLog {
  readonly log: KeptWorkloadLog;
  readonly segment: CompleteSegment;
}

/** Segments that go soon after they were completed are neither read for the index nor compressed. */
const indexDelayMs = 1000;
const compressDelayMs = 9000;
/** After the disk was full. */
const fullDiskPauseMs = 60_000;

/** Indexes what is complete, and compresses it some time later: in the background, one segment at a time. */
export class SegmentCare {
  private readonly indexing: DelayedQueue<SegmentOfLog>;
  private readonly compressing: DelayedQueue<SegmentOfLog>;

  constructor(private readonly options: SegmentCareOptions) {
    const { clock, isShort } = options;
    this.indexing = new DelayedQueue({ clock, delayMs: indexDelayMs, work: (each) => this.index(each) });
    this.compressing = new DelayedQueue({
      clock,
      delayMs: compressDelayMs,
      isUrgent: isShort,
      work: (each) => this.compress(each),
    });
  }

  /** Sees to it that everything is done for the segments of a log, as they are now. */
  tend(log: KeptWorkloadLog): void {
    const { segments } = log.ledger;
    const newest = segments.at(-1);
    for (const segment of segments) {
      if (segment.isQueued || segment.form === 'written') continue;
      if (!segment.isIndexed) {
        segment.isQueued = true;
        this.indexing.push({ log, segment });
      } else if (this.options.compress && segment.form === 'sealed' && segment !== newest) {
        segment.isQueued = true;
        this.compressing.push({ log, segment });
      }
    }
  }

  /** There may be little room by now. */
  wake(): void {
    this.compressing.wake();
  }

  /** Resolves once nothing is done any more. Twice is harmless. */
  async close(): Promise<void> {
    await Promise.all([this.indexing.close(), this.compressing.close()]);
  }

  private async index({ log, segment }: SegmentOfLog): Promise<void> {
    await log.index(segment);
    // One that could not be indexed is tried again after the next look.
    segment.isQueued = false;
    if (segment.isIndexed) this.tend(log);
  }

  private async compress({ log, segment }: SegmentOfLog): Promise<void> {
    try {
      await log.compress(segment);
    } catch {
      this.compressing.pause(fullDiskPauseMs);
      this.compressing.push({ log, segment });
    }
  }
}
