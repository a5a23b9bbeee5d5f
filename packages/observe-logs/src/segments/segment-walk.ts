import { FailedPreconditionError } from '@aurae/proto';
import { chunkBytes, scanBytes } from './chunk-buffers.js';
import { errorCode, isFaultOfFile } from './error-code.js';
import type { ListLogSegments, LogSegment } from './log-segment.js';
import type { LogSnapshot } from './log-snapshot.js';
import { SegmentCursor } from './segment-cursor.js';
import type { SegmentPlace } from './segment-place.js';
import type { SegmentSieve, UnwantedSegment } from './segment-sieve.js';
import type { TailStart } from './tail-start.js';

export interface SegmentWalkOptions {
  readonly directory: string;
  readonly listSegments: ListLogSegments;
  /** First wanted record; undefined: the first that is kept. */
  readonly from: number | undefined;
  /** First record that is not wanted any more. */
  readonly until: number;
  /** Goes no further than this; undefined: as far as there are segments. */
  readonly end: LogSnapshot | undefined;
  /** Which segments are passed over; undefined: none. */
  readonly sieve?: SegmentSieve;
  /** A place before the first wanted record, from which it is not far. */
  readonly near?: TailStart['near'];
}

/**
 * How often a segment may be listed and gone again: it is sealed, compressed and removed in between, as may be its
 * successors.
 */
const maximumAttempts = 10;
/**
 * How often it is looked for segments that seem to be missing. A list that is made while a file gets another name can lack
 * it; and that happens to a segment twice.
 */
const maximumLooks = 3;

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
  /** Time of the last record, more or less, that was passed over unread; undefined after a look at a record. */
  passedOverMs: number | undefined;
  /** How much the next read asks for. */
  readBytes = chunkBytes;
  /** The record that comes next if none is missing; undefined before the first segment. */
  private expected: number | undefined;
  /** First sequence number of the last segment that was entered or given up. */
  private passed = 0;
  private successor: LogSegment | undefined;
  /** Those after the successor, as far as they were listed with it. */
  private following: readonly LogSegment[] = [];
  private attempts = 0;
  private looks = 0;

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
      if (this.successor) await this.goTo(this.successor);
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
      const bytes = cursor.nextSequence < this.from ? scanBytes : this.readBytes;
      return await cursor.fill(isLast ? end.sizeBytes : Infinity, bytes);
    } catch (error) {
      await this.giveUp(cursor.segment, error);
      return false;
    }
  }

  private async findSuccessor(): Promise<void> {
    this.isStale = false;
    const segments = await this.list();
    const successor = this.passed === 0 ? this.first(segments) : this.after(segments, this.passed);
    this.proceedTo(successor ?? (await this.replacement(segments)), segments);
  }

  /**
   * Where to go on when the segment was removed and begun anew before it had a further record. One that was compressed is
   * another file, too; it just has no further record.
   */
  private async replacement(segments: readonly LogSegment[]): Promise<LogSegment | undefined> {
    const same = segments.find(({ firstSequence }) => firstSequence === this.passed);
    if (!same || !(await this.cursor?.isReplacedBy(same))) return undefined;
    this.from = this.position ?? this.from;
    return same;
  }

  private proceedTo(successor: LogSegment | undefined, segments: readonly LogSegment[]): void {
    this.successor = successor;
    this.following = successor ? segments.slice(segments.indexOf(successor) + 1) : [];
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

  private async goTo(segment: LogSegment): Promise<void> {
    const isGap = segment.firstSequence > (this.position ?? Infinity);
    if (isGap && !this.ignoresLoss && ++this.looks < maximumLooks) {
      this.lookAgain();
      return;
    }
    const unwanted = await this.options.sieve?.unwanted(segment, this.following[0]);
    if (unwanted) await this.passOver(unwanted);
    else await this.enter(segment);
  }

  private lookAgain(): void {
    this.proceedTo(undefined, []);
    this.isStale = true;
  }

  private async passOver(segment: UnwantedSegment): Promise<void> {
    const { firstSequence, records, isBefore, isAfter, maximumMs } = segment;
    await this.leave(firstSequence);
    this.expected = Math.max(this.position ?? 0, Math.min(firstSequence + records, this.until));
    this.proceedTo(this.following[0], this.following);
    const isLookedAt = Math.max(firstSequence, this.from) < Math.min(firstSequence + records, this.until);
    if (!isLookedAt) return;
    // What the last of its records would have led to.
    if (isBefore) this.lost = 0;
    this.ignoresLoss = isAfter;
    this.passedOverMs = maximumMs;
  }

  private async enter(segment: LogSegment): Promise<void> {
    let cursor: SegmentCursor;
    try {
      cursor = await SegmentCursor.open(segment, this.placeIn(segment));
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && ++this.attempts < maximumAttempts) this.lookAgain();
      else await this.giveUp(segment, error);
      return;
    }
    this.attempts = 0;
    // There may be more behind it.
    this.lookAgain();
    await this.leave(segment.firstSequence);
    this.cursor = cursor;
  }

  private placeIn({ firstSequence }: LogSegment): SegmentPlace | undefined {
    const { near } = this.options;
    return this.cursor === undefined && near?.firstSequence === firstSequence ? near.place : undefined;
  }

  /** Closes the segment that it is in, and counts what is missing from there to the next one. */
  private async leave(nextFirst: number): Promise<void> {
    this.looks = 0;
    this.countMissing(nextFirst, this.cursor?.isTorn ?? false);
    this.passed = nextFirst;
    await this.close();
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
    this.proceedTo(next, [next]);
    this.attempts = 0;
  }
}
