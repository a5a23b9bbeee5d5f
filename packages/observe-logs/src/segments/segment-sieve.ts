import type { LogSegment } from './log-segment.js';
import { type RecordSelection, selectedRecords, type SegmentKnowledge } from './segment-knowledge.js';
import type { SegmentSummary } from './segment-summary.js';

/** A segment of which no record is wanted. */
export interface UnwantedSegment extends SegmentSummary {
  /** All its records are before the wanted time. */
  readonly isBefore: boolean;
  /** All its records are after the wanted time. */
  readonly isAfter: boolean;
}

/** Finds the segments that need not be read. */
export class SegmentSieve {
  constructor(
    private readonly knowledge: SegmentKnowledge,
    private readonly selection: RecordSelection,
  ) {}

  /** The segment, if it is known that none of its records is wanted and that none is missing in it. */
  async unwanted(segment: LogSegment, next: LogSegment | undefined): Promise<UnwantedSegment | undefined> {
    const { channel, sinceMs, untilMs } = this.selection;
    if (channel === undefined && sinceMs === -Infinity && untilMs === Infinity) return undefined;
    const summary = await this.knowledge.summaryOf(segment, next);
    if (!summary || selectedRecords(summary, this.selection) !== 0) return undefined;
    return { ...summary, isBefore: summary.maximumMs < sinceMs, isAfter: summary.minimumMs > untilMs };
  }
}
