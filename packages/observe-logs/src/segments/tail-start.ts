import { isFaultOfFile } from './error-code.js';
import type { LogRange } from './log-read-options.js';
import type { LogSegment } from './log-segment.js';
import type { LogSnapshot } from './log-snapshot.js';
import { type SegmentKnowledge, selectedRecords } from './segment-knowledge.js';
import type { SegmentPlace } from './segment-place.js';
import { SegmentScan } from './segment-scan.js';

/** Where a tail begins. */
export interface TailStart {
  /** The sequence number after the last selected record that is left out. */
  readonly sequence: number;
  /** A place before it, in this segment, from which it is not far. */
  readonly near?: { readonly firstSequence: number; readonly place: SegmentPlace };
}

/**
 * Where the last `range.tail` records that the range selects begin. Undefined when none is left out. Only the segments
 * that are needed are read, from the last one back, and of those only what the index does not tell.
 * @param isStopped asked between reads; when it says yes the result is undefined
 */
export async function tailStart(
  range: LogRange,
  snapshot: LogSnapshot,
  knowledge: SegmentKnowledge,
  isStopped: () => boolean,
): Promise<TailStart | undefined> {
  let wanted = range.tail;
  let next: LogSegment | undefined;
  for (const segment of snapshot.segments.toReversed()) {
    const successor = next;
    next = segment;
    if (segment.firstSequence >= range.until) continue;
    const known = await knownRecords(segment, successor, range, knowledge);
    if (known !== undefined && known <= wanted) wanted -= known;
    else {
      const endBytes = segment === snapshot.last ? snapshot.sizeBytes : Infinity;
      const found = await tailOfSegment(new SegmentScan({ range, segment, endBytes, isStopped }), segment, wanted);
      if (isStopped()) return undefined;
      if (typeof found !== 'number') return found;
      wanted -= found;
    }
    if (segment.firstSequence <= (range.from ?? 0)) return undefined;
  }
  return undefined;
}

/** How many records of a segment are selected, if that is known without a look into it. */
async function knownRecords(
  segment: LogSegment,
  successor: LogSegment | undefined,
  range: LogRange,
  knowledge: SegmentKnowledge,
): Promise<number | undefined> {
  if (!successor || segment.firstSequence < (range.from ?? 0) || successor.firstSequence > range.until)
    return undefined;
  const summary = await knowledge.summaryOf(segment, successor);
  return summary && selectedRecords(summary, range);
}

/** Where the last `wanted` selected records of a segment begin, or, when it has no more than those, how many it has. */
async function tailOfSegment(scan: SegmentScan, { firstSequence }: LogSegment, wanted: number) {
  try {
    const count = await scan.count();
    if (count <= wanted) return count;
    const sequence = await scan.sequenceAfter(count - wanted);
    const place = scan.placeBefore(sequence);
    return { sequence, ...(place && { near: { firstSequence, place } }) };
  } catch (error) {
    // Removed meanwhile, or not readable: it has no records for the tail, and the read itself tells what is missing.
    if (!isFaultOfFile(error)) throw error;
    return 0;
  }
}
