import { FailedPreconditionError } from '@aurae/proto';
import { errorCode, isFaultOfFile } from './error-code.js';
import type { ListLogSegments, LogSegment } from './log-segment.js';
import type { LogSnapshot } from './log-snapshot.js';
import { SegmentCursor } from './segment-cursor.js';

export interface SegmentWalkOptions {
  readonly directory: string;
  readonly listSegments: ListLogSegments;
  /** First wanted record; undefined: the first that is kept. */
  readonly from: number | undefined;
  /** First record that is not wanted any more. */
  readonly until: number;
  /** Goes no further than this; undefined: as far as there are segments. */
  readonly end: LogSnapshot | undefined;
}

/** How often a segment may be listed and gone again: it is removed and made anew in between. */
const maximumAttempts = 5;

/**
 * Goes from segment to segment and counts what is missing between them. The one that it is in stays open, so that its
 * records are not lost when it is removed.
 */
export class SegmentWalk {
  cursor: SegmentCursor | undefined;
  /** Records that are missing since the last one that was delivered. */
  lost = 0;
  /** Whether the directory may have other segments than when it was last listed. */
  isStale = true;
  /** Records before this one are passed over. */
  from: number;
  /** Records from this one on are not wanted. */
  until: number;
  /** What is missing from here on is of no interest: what comes is out of the wanted range. */
  ignoresLoss = false;
  /** The record that comes next if none is missing; undefined before the first segment. */
  private expected: number | undefined;
  /** First sequence number of the last segment that was entered or given up. */
  private passed = 0;
  private successor: LogSegment | undefined;
  private attempts = 0;

  constructor(private readonly options: SegmentWalkOptions) {
    this.from = options.from ?? 0;
    this.until = options.until;
    this.expected = options.from;
  }

  /** Sequence number of the next record, if none is missing; undefined while no segment was seen. */
  get position(): number | undefined {
    if (!this.cursor || this.expected === undefined) return this.expected;
    return Math.max(this.expected, this.cursor.nextSequence);
  }

  /** Whether it got to the segment in which its end lies. */
  get reachedEnd(): boolean {
    return this.options.end === undefined || this.passed >= this.options.end.last.firstSequence;
  }

  /** Makes the cursor have records to step through. False: there are no more now. */
  async advance(): Promise<boolean> {
    for (;;) {
      if (this.cursor && (await this.fill(this.cursor))) return true;
      if ((this.position ?? 0) >= this.until) return false;
      // What was read just now was read after the successor was seen: the segment is complete.
      if (this.successor) await this.enter(this.successor);
      else if (this.isStale) await this.findSuccessor();
      else return false;
    }
  }

  /** Counts the records from the position up to this one as missing, at least `minimum`, unless nobody asked for their time. */
  loseUpTo(sequence: number, minimum = 0): void {
    const before = this.position ?? sequence;
    this.expected = Math.max(before, Math.min(sequence, this.until));
    if (!this.ignoresLoss) this.lost += Math.max(this.expected - before, minimum);
  }

  async close(): Promise<void> {
    await this.cursor?.close();
    this.cursor = undefined;
  }

  private async fill(cursor: SegmentCursor): Promise<boolean> {
    const { end } = this.options;
    const isLast = end !== undefined && cursor.segment.firstSequence >= end.last.firstSequence;
    try {
      return await cursor.fill(isLast ? end.sizeBytes : Infinity);
    } catch (error) {
      await this.giveUp(cursor.segment, error);
      return false;
    }
  }

  private async findSuccessor(): Promise<void> {
    this.isStale = false;
    const segments = await this.list();
    this.successor = this.passed === 0 ? this.first(segments) : this.after(segments, this.passed);
    if (this.successor || !(await this.cursor?.isReplaced())) return;
    // Removed and begun anew before it had a further record: the same name, another file.
    this.from = this.position ?? this.from;
    this.successor = segments.find(({ firstSequence }) => firstSequence === this.passed);
  }

  private async list(): Promise<readonly LogSegment[]> {
    const { directory, listSegments, end } = this.options;
    const limit = end?.last.firstSequence ?? Infinity;
    return (await listSegments(directory)).filter(({ firstSequence }) => firstSequence <= limit);
  }

  private first(segments: readonly LogSegment[]): LogSegment | undefined {
    return segments.findLast(({ firstSequence }) => firstSequence <= this.from) ?? segments[0];
  }

  private after(segments: readonly LogSegment[], sequence: number): LogSegment | undefined {
    return segments.find(({ firstSequence }) => firstSequence > sequence);
  }

  private async enter(segment: LogSegment): Promise<void> {
    let cursor: SegmentCursor;
    try {
      cursor = await SegmentCursor.open(segment);
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && ++this.attempts < maximumAttempts) {
        this.successor = undefined;
        this.isStale = true;
      } else await this.giveUp(segment, error);
      return;
    }
    this.attempts = 0;
    this.successor = undefined;
    // There may be more behind it.
    this.isStale = true;
    const isTorn = this.cursor?.isTorn ?? false;
    this.countMissing(segment.firstSequence, isTorn);
    await this.cursor?.close();
    this.cursor = cursor;
    this.passed = segment.firstSequence;
  }

  /** A torn record is a loss of one, unless the numbers tell it already. */
  private countMissing(firstSequence: number, isTorn: boolean): void {
    this.loseUpTo(firstSequence, isTorn ? 1 : 0);
    // Numbers that go back are those of a segment that has more records than the name of the next one tells.
    if (this.passed !== 0 && this.passed < firstSequence) this.expected = firstSequence;
  }

  /** Goes past a segment that cannot be read, if there is one behind it: its records then count as missing. */
  private async giveUp(segment: LogSegment, error: unknown): Promise<void> {
    const next = isFaultOfFile(error) ? this.after(await this.list(), segment.firstSequence) : undefined;
    if (!next) {
      const message = `Cannot read the log segment "${segment.path}": ${(error as Error).message}`;
      throw new FailedPreconditionError(message, { cause: error });
    }
    this.passed = segment.firstSequence;
    this.successor = next;
    this.attempts = 0;
  }
}
