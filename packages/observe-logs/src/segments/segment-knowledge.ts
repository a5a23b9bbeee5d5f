import type { LogRange } from './log-read-options.js';
import type { LogSegment } from './log-segment.js';
import { readSegmentIndex } from './segment-index.js';
import type { SegmentSummary } from './segment-summary.js';

/** What a range selects: records of this channel, if any is given, with these times. */
export type RecordSelection = Pick<LogRange, 'channel' | 'sinceMs' | 'untilMs'>;

/** What the index tells of a log's segments. It is read when it is first asked, and once. */
export class SegmentKnowledge {
  private index: Promise<ReadonlyMap<number, SegmentSummary>> | undefined;

  constructor(private readonly directory: string) {}

  /**
   * What is in a segment; undefined when nobody knows. A summary that does not fit to where the next segment begins is not
   * believed: it may be of another log that had its segments here.
   */
  async summaryOf(segment: LogSegment, next: LogSegment | undefined): Promise<SegmentSummary | undefined> {
    if (!next) return undefined;
    this.index ??= readSegmentIndex(this.directory);
    const summary = (await this.index).get(segment.firstSequence);
    return summary && segment.firstSequence + summary.records === next.firstSequence ? summary : undefined;
  }
}

/** How many records of a segment are selected; undefined when its summary does not tell. */
export function selectedRecords(summary: SegmentSummary, { channel, sinceMs, untilMs }: RecordSelection) {
  const { records, minimumMs, maximumMs, malformed = 0, stderr } = summary;
  if (channel === undefined && sinceMs === -Infinity && untilMs === Infinity) return records;
  // A malformed record is selected whatever its time and channel; and no time is in a range that is upside down.
  if (malformed > 0 || sinceMs > untilMs) return undefined;
  if (maximumMs < sinceMs || minimumMs > untilMs) return 0;
  if (minimumMs < sinceMs || maximumMs > untilMs) return undefined;
  if (channel === undefined || stderr === undefined) return channel === undefined ? records : undefined;
  return channel === 'stderr' ? stderr : records - stderr;
}
