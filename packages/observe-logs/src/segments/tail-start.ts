import { CriRecord } from './cri-record.js';
import { isFaultOfFile } from './error-code.js';
import type { LogRange } from './log-read-options.js';
import type { LogSegment } from './log-segment.js';
import type { LogSnapshot } from './log-snapshot.js';
import { RecordFilter } from './record-filter.js';
import { SegmentCursor } from './segment-cursor.js';

/**
 * Where the last `range.tail` records that the range selects begin: the sequence number after the last one that is
 * left out. Undefined when none is left out. Only the segments that are needed are read, from the last one back.
 * @param isStopped asked between reads; when it says yes the result is undefined
 */
export async function tailStart(
  range: LogRange,
  snapshot: LogSnapshot,
  isStopped: () => boolean,
): Promise<number | undefined> {
  let wanted = range.tail;
  for (const segment of snapshot.segments.toReversed()) {
    if (segment.firstSequence >= range.until) continue;
    const endBytes = segment === snapshot.last ? snapshot.sizeBytes : Infinity;
    const count = (await scan(segment, endBytes, range, Infinity, isStopped)).count;
    if (isStopped()) return undefined;
    if (count > wanted) return (await scan(segment, endBytes, range, count - wanted, isStopped)).nextSequence;
    wanted -= count;
    if (segment.firstSequence <= (range.from ?? 0)) return undefined;
  }
  return undefined;
}

interface ScanResult {
  /** Selected records that were seen. */
  readonly count: number;
  /** Sequence number after the last record that was seen. */
  readonly nextSequence: number;
}

/** Goes through a segment until it has seen so many selected records. */
async function scan(
  segment: LogSegment,
  endBytes: number,
  range: LogRange,
  maximum: number,
  isStopped: () => boolean,
): Promise<ScanResult> {
  let cursor: SegmentCursor | undefined;
  const counter = new SelectedCounter(range, maximum);
  try {
    cursor = await SegmentCursor.open(segment);
    while (!counter.isDone && !isStopped() && (await cursor.fill(endBytes))) counter.count(cursor);
    return { count: counter.selected, nextSequence: cursor.nextSequence };
  } catch (error) {
    // Removed meanwhile, or not readable: it has no records for the tail, and the read itself tells what is missing.
    if (!isFaultOfFile(error)) throw error;
    return { count: 0, nextSequence: segment.firstSequence };
  } finally {
    await cursor?.close();
  }
}

class SelectedCounter {
  selected = 0;
  isDone = false;
  private readonly filter: RecordFilter;
  private readonly record = new CriRecord();

  constructor(
    private readonly range: LogRange,
    private readonly maximum: number,
  ) {
    this.filter = new RecordFilter(range.channel, range.sinceMs, range.untilMs);
  }

  count(cursor: SegmentCursor): void {
    const { from = 0, until } = this.range;
    cursor.skipTo(from);
    while (!this.isDone && cursor.step()) {
      if (cursor.sequence >= until) this.isDone = true;
      else if (cursor.beginsRecord && this.selects(cursor)) this.isDone = ++this.selected === this.maximum;
    }
  }

  private selects(cursor: SegmentCursor): boolean {
    if (this.filter.isOpen) return true;
    this.record.parse(cursor.buffer, cursor.pieceStart, cursor.pieceEnd);
    return this.filter.accepts(this.record);
  }
}
