import { scanBytes } from './chunk-buffers.js';
import { CriRecord } from './cri-record.js';
import type { LogSegment } from './log-segment.js';
import { SegmentCursor } from './segment-cursor.js';

/** What a complete segment has in it. */
export interface SegmentSummary {
  /** Sequence number of its first record. */
  readonly firstSequence: number;
  /** Records with an end. */
  readonly records: number;
  /** Unix milliseconds: the earliest of its well-formed records. Infinity when it has none. */
  readonly minimumMs: number;
  /** Unix milliseconds: the latest of its well-formed records. -Infinity when it has none. */
  readonly maximumMs: number;
  /** Its size, uncompressed. */
  readonly bytes: number;
  /** Well-formed records of standard error. Default: nobody has counted. */
  readonly stderr?: number;
  /** Records that are malformed, or that have no end: they are of no time, and wanted at any. Default: 0. */
  readonly malformed?: number;
}

/**
 * Reads a segment, of whatever form, from its beginning to its end.
 * @throws the error of the system when it cannot be read, such as ENOENT
 */
export async function summarizeSegment(segment: LogSegment): Promise<SegmentSummary> {
  const cursor = await SegmentCursor.open(segment);
  const tally = new Tally();
  try {
    while (await cursor.fill(Infinity, scanBytes)) while (cursor.step()) tally.count(cursor);
    const { firstSequence } = segment;
    const { minimumMs, maximumMs, stderr } = tally;
    const malformed = tally.malformed + (cursor.isTorn ? 1 : 0);
    const records = cursor.nextSequence - firstSequence;
    return { firstSequence, records, minimumMs, maximumMs, bytes: cursor.endBytes, stderr, malformed };
  } finally {
    await cursor.close();
  }
}

class Tally {
  minimumMs = Infinity;
  maximumMs = -Infinity;
  stderr = 0;
  malformed = 0;
  private readonly record = new CriRecord();

  count(cursor: SegmentCursor): void {
    if (!cursor.beginsRecord) return;
    const { record } = this;
    record.parse(cursor.buffer, cursor.pieceStart, cursor.pieceEnd);
    if (record.channel === '') {
      this.malformed += 1;
      return;
    }
    if (record.channel === 'stderr') this.stderr += 1;
    if (record.timestampMs < this.minimumMs) this.minimumMs = record.timestampMs;
    if (record.timestampMs > this.maximumMs) this.maximumMs = record.timestampMs;
  }
}
