import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  compressedSegmentName,
  logSegmentName,
  rewriteSegmentIndex,
  sealedSegmentName,
  type SegmentSummary,
} from '@aurae/observe-logs';
import { NumberedSegments } from './numbered-segments.js';

/** As the shim makes them by default. */
const segmentBytes = 10 * 1024 * 1024;
const dayMs = 86_400_000;
/** Around this part of the log, segments are compressed. */
const compressedPart = 0.75;
const compressedSegments = 40;

export interface LongLog {
  /** Number of the last line; the first one is 1. */
  readonly lines: number;
  readonly linesInSegment: number;
  /** A number in the middle of the log, and one where the segments are compressed. */
  readonly middle: number;
  readonly compressed: number;
  /** Unix milliseconds. */
  timeOf(number: number): number;
}

/** Puts a log of that size into a log directory, in place of what is there, as the daemon's keeper leaves one. */
export async function writeLongLog(directory: string, bytes: number): Promise<LongLog> {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < bytes * 1.2) throw new Error(`"${directory}" has no room for a log of ${bytes} bytes`);
  for (const name of readdirSync(directory).filter((file) => file !== 'id')) rmSync(join(directory, name));
  const count = Math.ceil(bytes / segmentBytes);
  const startMs = Math.floor(Date.now() / dayMs - 30) * dayMs;
  const segments = new NumberedSegments(startMs, segmentBytes);
  const summaries = Array.from({ length: count }, (_, index) => writeSegment(directory, segments, index, count));
  // The last one is written to, and so not indexed.
  await rewriteSegmentIndex(directory, summaries.slice(0, -1));
  const numberAt = (part: number) => Math.floor(count * part) * segments.records + Math.floor(segments.records / 2);
  return {
    lines: count * segments.records,
    linesInSegment: segments.records,
    middle: numberAt(0.5),
    compressed: numberAt(compressedPart),
    timeOf: (number) => segments.timeOf(number),
  };
}

function writeSegment(directory: string, segments: NumberedSegments, index: number, count: number): SegmentSummary {
  const { records } = segments;
  const firstSequence = index * records + 1;
  const bytes = segments.segment(firstSequence);
  const isCompressed = Math.abs(index - Math.floor(count * compressedPart)) <= compressedSegments / 2;
  if (index === count - 1) writeFileSync(join(directory, logSegmentName(firstSequence)), bytes);
  else if (!isCompressed) writeFileSync(join(directory, sealedSegmentName(firstSequence)), bytes);
  else writeFileSync(join(directory, compressedSegmentName(firstSequence)), gzipSync(bytes, { level: 1 }));
  const [minimumMs, maximumMs] = [segments.timeOf(firstSequence), segments.timeOf(firstSequence + records - 1)];
  return { firstSequence, records, minimumMs, maximumMs, bytes: bytes.length, stderr: 0, malformed: 0 };
}
