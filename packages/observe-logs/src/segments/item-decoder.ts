import { isUtf8 } from 'node:buffer';
import type { observe } from '@aurae/proto';
import { CriRecord } from './cri-record.js';
import type { RecordFilter } from './record-filter.js';
import type { SegmentCursor } from './segment-cursor.js';
import type { SegmentWalk } from './segment-walk.js';

/** Bounds of a batch; an item that is larger than that comes alone. */
const maximumItems = 256;
const maximumBytes = 256 * 1024;

const noBytes = Buffer.alloc(0);

/** Makes wire items of the records that a cursor has read. */
export class ItemDecoder {
  private readonly record = new CriRecord();
  /** Whether the record that the cursor is in is wanted. */
  private isWanted = false;
  // Lines come in bursts: most have the time of the one before.
  private timestampMs = 0;
  private timestamp = 0n;

  constructor(private readonly filter: RecordFilter) {}

  /** The next wanted items before `walk.until`, as far as they were read. */
  decode(cursor: SegmentCursor, walk: SegmentWalk): observe.LogItem[] {
    const items: observe.LogItem[] = [];
    let bytes = 0;
    if (walk.passedOverMs !== undefined) this.record.timestampMs = walk.passedOverMs;
    walk.passedOverMs = undefined;
    cursor.skipTo(walk.from);
    while (items.length < maximumItems && bytes < maximumBytes) {
      if (this.isOver(cursor, walk) || !cursor.step()) break;
      if (cursor.beginsRecord) this.begin(cursor, walk);
      if (!this.isWanted) continue;
      items.push(this.item(cursor, walk));
      bytes += cursor.pieceEnd - cursor.pieceStart;
    }
    return items;
  }

  /** Unix milliseconds of the record that was read last. */
  get lastTimestampMs(): number {
    return this.record.timestampMs;
  }

  /** Whether the next record is one that is not wanted any more. */
  isOver(cursor: SegmentCursor, walk: SegmentWalk): boolean {
    return cursor.endsRecord && cursor.nextSequence >= walk.until;
  }

  private begin(cursor: SegmentCursor, walk: SegmentWalk): void {
    const { record, filter } = this;
    record.parse(cursor.buffer, cursor.pieceStart, cursor.pieceEnd);
    this.isWanted = filter.accepts(record);
    if (this.isWanted) {
      walk.ignoresLoss = false;
      return;
    }
    // A loss before this record is out of the wanted time, as is one after it.
    if (filter.isBefore(record)) walk.lost = 0;
    walk.ignoresLoss = filter.isAfter(record);
  }

  private item(cursor: SegmentCursor, walk: SegmentWalk): observe.LogItem {
    const { record } = this;
    const start = cursor.beginsRecord ? record.contentStart : cursor.pieceStart;
    const { lost } = walk;
    walk.lost = 0;
    return {
      channel: record.channel,
      line: textOf(cursor, start),
      timestamp: this.timestampOf(record.timestampMs),
      sequence: BigInt(cursor.sequence),
      dropped: lost === 0 ? 0n : BigInt(lost),
      level: '',
      fieldsJson: '',
      partial: record.partial || !cursor.endsRecord,
      lineBytes: cursor.encoding === 'mixed' ? bytesOf(cursor, start) : noBytes,
    };
  }

  private timestampOf(milliseconds: number): bigint {
    if (milliseconds !== this.timestampMs) {
      this.timestampMs = milliseconds;
      this.timestamp = BigInt(milliseconds);
    }
    return this.timestamp;
  }
}

/** A copy: a part of the chunk's own text would keep the whole of it in memory. */
function textOf({ buffer, pieceEnd, encoding }: SegmentCursor, start: number): string {
  if (start >= pieceEnd) return '';
  return buffer.toString(encoding === 'latin1' ? 'latin1' : 'utf8', start, pieceEnd);
}

/** The exact bytes of a line that is not UTF-8. */
function bytesOf({ buffer, pieceEnd }: SegmentCursor, start: number): Buffer {
  const bytes = buffer.subarray(start, pieceEnd);
  return isUtf8(bytes) ? noBytes : Buffer.from(bytes);
}
