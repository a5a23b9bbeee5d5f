import type { LogSegmentForm } from '../segments/log-segment.js';

/** A segment that has a successor: nobody writes to it any more. */
export interface CompleteSegment {
  readonly firstSequence: number;
  /** `written` where it could not be taken over from its writer. */
  form: LogSegmentForm;
  /** On disk. */
  bytes: number;
  uncompressedBytes: number;
  /** Unix milliseconds: the time of its newest record, as far as that is known. */
  newestMs: number;
  isIndexed: boolean;
  /** It waits to be compressed. */
  isQueued: boolean;
  /** It was removed, or is about to be. */
  isGone: boolean;
}

/** The segment that is written to. */
export interface LastSegment {
  readonly firstSequence: number;
  /** As it was last seen. */
  readonly bytes: number;
}

/** What is known of one log: numbers only. Whoever changes it tells `Retention`. */
export class LogLedger {
  /** The oldest first. */
  segments: CompleteSegment[] = [];
  last: LastSegment | undefined;
  bytes = 0;
  uncompressedBytes = 0;
  /** So many of the oldest are beyond the bounds: by those of this log alone, and by those of the node as well. */
  ownDue = 0;
  due = 0;
  dueBytes = 0;
  /** The largest complete segment, uncompressed: what the last one may grow to. */
  private largestBytes = 0;

  constructor(
    /** Names the workload. */
    readonly key: string,
  ) {}

  get lastBytes(): number {
    return this.last?.bytes ?? 0;
  }

  /** The oldest of those that are within the bounds. */
  get head(): CompleteSegment | undefined {
    return this.segments[this.due];
  }

  find(firstSequence: number): CompleteSegment | undefined {
    return this.segments.find((segment) => segment.firstSequence === firstSequence);
  }

  /** Sequence number of the last record that can be in the segment at this place. */
  endOf(index: number): number {
    const next = this.segments[index + 1]?.firstSequence ?? this.last?.firstSequence;
    return next === undefined ? Infinity : next - 1;
  }

  /** Takes what was found now, the oldest first. */
  replace(segments: CompleteSegment[], last: LastSegment | undefined): void {
    const found = new Set(segments);
    this.due = this.segments.slice(0, this.due).filter((segment) => found.has(segment)).length;
    this.segments = segments;
    this.last = last;
  }

  /** Takes out the oldest one. */
  shift(): CompleteSegment | undefined {
    this.due = Math.max(0, this.due - 1);
    this.ownDue = Math.max(0, this.ownDue - 1);
    return this.segments.shift();
  }

  /** Adds up. A segment is no newer than those after it: a clock was wrong when it was written. */
  measure(): void {
    this.bytes = this.uncompressedBytes = this.lastBytes;
    this.largestBytes = 0;
    let newestMs = Infinity;
    for (const segment of this.segments.toReversed()) {
      newestMs = segment.newestMs = Math.min(segment.newestMs, newestMs);
      this.bytes += segment.bytes;
      this.uncompressedBytes += segment.uncompressedBytes;
      this.largestBytes = Math.max(this.largestBytes, segment.uncompressedBytes);
    }
    this.dueBytes = this.segments.slice(0, this.due).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * How many of the oldest have to go for the log to take so many bytes, with room for the last one to grow; only the
   * newest complete one may have that room while it is not needed.
   */
  dueByBytes(maximumBytes: number): number {
    const growth = Math.max(0, this.largestBytes - this.lastBytes);
    let { bytes } = this;
    const newest = this.segments.length - 1;
    const index = this.segments.findIndex((segment, at) => {
      if (bytes + (at === newest ? 0 : growth) <= maximumBytes) return true;
      bytes -= segment.bytes;
      return false;
    });
    return index < 0 ? this.segments.length : index;
  }

  /** How many of the oldest have no record newer than this. */
  dueByAge(limitMs: number): number {
    const index = this.segments.findIndex(({ newestMs }) => newestMs > limitMs);
    return index < 0 ? this.segments.length : index;
  }
}
