import { scanBytes } from './chunk-buffers.js';
import { CriRecord } from './cri-record.js';
import type { LogRange } from './log-read-options.js';
import type { LogSegment } from './log-segment.js';
import { openListedSegment } from './open-listed-segment.js';
import { RecordFilter } from './record-filter.js';
import type { SegmentCursor } from './segment-cursor.js';
import type { SegmentPlace } from './segment-place.js';

interface Checkpoint {
  readonly place: SegmentPlace;
  /** Selected records before it. */
  readonly selected: number;
}

export interface SegmentScanOptions {
  readonly range: LogRange;
  readonly segment: LogSegment;
  /** Nothing is read from this place of the segment on. */
  readonly endBytes: number;
  /** Asked between reads; when it says yes, the scan ends where it is. */
  readonly isStopped: () => boolean;
}

/** Goes through a segment for the records that a range selects, and remembers where it has been. */
export class SegmentScan {
  private readonly checkpoints: Checkpoint[] = [];

  constructor(private readonly options: SegmentScanOptions) {}

  /** How many records are selected. */
  async count(): Promise<number> {
    const counter = new SelectedCounter(this.options.range, Infinity);
    await this.run(counter, undefined, (cursor) => {
      if (cursor.endsRecord) this.checkpoints.push({ place: cursor.place, selected: counter.selected });
    });
    return counter.selected;
  }

  /** The sequence number after so many selected records, at least one of those that were counted. */
  async sequenceAfter(records: number): Promise<number> {
    const { range, segment } = this.options;
    if (new RecordFilter(range.channel, range.sinceMs, range.untilMs).isOpen) {
      return Math.max(segment.firstSequence, range.from ?? 0) + records;
    }
    const start = this.checkpoints.findLast(({ selected }) => selected < records);
    const counter = new SelectedCounter(range, records - (start?.selected ?? 0));
    return this.run(counter, start?.place);
  }

  /** The last place that was seen up to this record. */
  placeBefore(sequence: number): SegmentPlace | undefined {
    return this.checkpoints.findLast(({ place }) => place.sequence <= sequence)?.place;
  }

  /** Returns the sequence number after the last record that was seen. */
  private async run(
    counter: SelectedCounter,
    start: SegmentPlace | undefined,
    onChunk?: (cursor: SegmentCursor) => void,
  ): Promise<number> {
    const { range, segment, endBytes, isStopped } = this.options;
    const cursor = await openListedSegment(range, segment, start);
    try {
      while (!counter.isDone && !isStopped() && (await cursor.fill(endBytes, scanBytes))) {
        onChunk?.(cursor);
        counter.count(cursor);
      }
      return cursor.nextSequence;
    } finally {
      await cursor.close();
    }
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

  /** Counts the records that the cursor has read. */
  count(cursor: SegmentCursor): void {
    const { from = 0, until } = this.range;
    cursor.skipTo(from);
    if (this.filter.isOpen) this.countAll(cursor, from);
    else this.countSelected(cursor);
    if (cursor.nextSequence >= until) this.isDone = true;
  }

  private countAll(cursor: SegmentCursor, from: number): void {
    const first = Math.max(cursor.nextSequence, from);
    cursor.skipFilled();
    this.selected += Math.max(0, Math.min(cursor.nextSequence, this.range.until) - first);
  }

  private countSelected(cursor: SegmentCursor): void {
    const { filter, record } = this;
    while (!this.isDone && cursor.nextSequence < this.range.until && cursor.step()) {
      if (!cursor.beginsRecord) continue;
      record.parse(cursor.buffer, cursor.pieceStart, cursor.pieceEnd);
      if (filter.accepts(record)) this.isDone = ++this.selected === this.maximum;
    }
  }
}
