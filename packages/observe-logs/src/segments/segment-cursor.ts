import { stat } from 'node:fs/promises';
import { chunkBytes, giveChunkBuffer, takeChunkBuffer } from './chunk-buffers.js';
import { characterBoundary, type ChunkEncoding, chunkEncoding } from './chunk-text.js';
import type { LogSegment } from './log-segment.js';
import type { SegmentPlace } from './segment-place.js';
import { openSegmentSource, type SegmentSource } from './segment-source.js';

const newline = 10;

/** Where a record without an end is cut, so that no file makes a reader hold more. */
export const maximumPieceBytes = 1024 * 1024;

const empty = Buffer.alloc(0);

/**
 * A place in one segment. `fill` reads a chunk of whole records; `step` goes through them one by one without waiting.
 * Every read begins at a record, so that a record that was there in part and was cut off again leaves nothing behind.
 */
export class SegmentCursor {
  /** What was read. The piece that `step` came to lies between `pieceStart` and `pieceEnd`, without its newline. */
  buffer: Buffer = empty;
  encoding: ChunkEncoding = 'latin1';
  pieceStart = 0;
  pieceEnd = 0;
  /** False for the later pieces of a record that is larger than `maximumPieceBytes`. */
  beginsRecord = true;
  endsRecord = true;
  /** Sequence number of the record that `step` came to. */
  sequence = 0;
  /** Sequence number of the record that comes next. */
  nextSequence: number;
  /** Place in the file of the first byte of the buffer. */
  private base = 0;
  private position = 0;
  private readEnd = 0;
  /** Bytes after the last newline, as the last `fill` saw them. */
  private unterminatedBytes = 0;

  private constructor(
    readonly segment: LogSegment,
    private readonly source: SegmentSource,
  ) {
    this.nextSequence = segment.firstSequence;
  }

  /**
   * @param place where to begin, if there is a record; else at the first one
   * @throws the error of the system, such as ENOENT
   */
  static async open(segment: LogSegment, place?: SegmentPlace): Promise<SegmentCursor> {
    const cursor = new SegmentCursor(segment, await openSegmentSource(segment));
    try {
      if (place) await cursor.begin(place);
      return cursor;
    } catch (error) {
      await cursor.close();
      throw error;
    }
  }

  /** Whether pieces wait that were read. */
  get isFilled(): boolean {
    return this.position < this.readEnd;
  }

  /** Whether the last record has no newline, once `fill` has found no more. */
  get isTorn(): boolean {
    return this.unterminatedBytes > 0 || !this.endsRecord || this.source.isDamaged;
  }

  /** Whether the segment has more, which cannot be read. */
  get isDamaged(): boolean {
    return this.source.isDamaged;
  }

  /**
   * Reads on, unless pieces wait. False: there is no further whole record now.
   * @param endBytes reads nothing from this place of the file on
   * @param bytes how much it reads at once: at most `maximumPieceBytes`, by default `chunkBytes`
   */
  async fill(endBytes: number, bytes = chunkBytes): Promise<boolean> {
    if (this.isFilled) return true;
    this.base += this.position;
    this.position = this.readEnd = 0;
    for (let capacity = bytes; ; capacity = Math.min(capacity * 4, maximumPieceBytes)) {
      this.provide(capacity);
      const wanted = Math.max(0, Math.min(capacity, endBytes - this.base));
      const bytesRead = await this.source.read(this.buffer, wanted, this.base);
      if (this.acceptRead(bytesRead)) return true;
      if (bytesRead === capacity) continue;
      // Somebody has emptied the file: what was written since comes first in it.
      if (bytesRead === 0 && (await this.source.isShorterThan(this.base))) this.restart();
      else break;
    }
    this.release();
    return false;
  }

  /** Goes to the next piece that was read. False: `fill` has to be called. */
  step(): boolean {
    if (this.position >= this.readEnd) return false;
    this.pieceStart = this.position;
    const end = this.buffer.indexOf(newline, this.position);
    this.beginsRecord = this.endsRecord;
    this.endsRecord = end >= 0 && end < this.readEnd;
    this.pieceEnd = this.endsRecord ? end : this.readEnd;
    this.position = this.endsRecord ? end + 1 : this.readEnd;
    if (this.beginsRecord) this.sequence = this.nextSequence++;
    return true;
  }

  /** Goes through what was read up to the record of this number, without a look at it. */
  skipTo(sequence: number): void {
    while ((this.nextSequence < sequence || (!this.endsRecord && this.sequence < sequence)) && this.step());
  }

  /** Where what was read ends: its size, once `fill` has found no more. */
  get endBytes(): number {
    return this.base + this.readEnd + this.unterminatedBytes;
  }

  /** The record that comes next. Only where a record ends. */
  get place(): SegmentPlace {
    return { offsetBytes: this.base + this.position, sequence: this.nextSequence };
  }

  /** Goes through all that was read, without a look at the records. */
  skipFilled(): void {
    if (!this.endsRecord) this.step();
    let { position } = this;
    while (position < this.readEnd) {
      const end = this.buffer.indexOf(newline, position);
      if (end < 0 || end >= this.readEnd) break;
      this.nextSequence += 1;
      position = end + 1;
    }
    this.position = position;
    // The beginning of a record that is larger than what is read at once.
    while (this.step());
  }

  /** Whether its segment, as it is listed now, is another file. */
  async isReplacedBy({ path }: LogSegment): Promise<boolean> {
    const status = await stat(path).catch(() => undefined);
    return status !== undefined && (status.ino !== this.source.inode || status.dev !== this.source.device);
  }

  /** Gives back the memory of what was read and not gone through; `fill` reads it again. */
  rest(): void {
    this.base += this.position;
    this.position = this.readEnd = 0;
    this.release();
  }

  async close(): Promise<void> {
    this.rest();
    await this.source.close();
  }

  private async begin({ offsetBytes, sequence }: SegmentPlace): Promise<void> {
    if (offsetBytes === 0) return;
    const before = Buffer.alloc(1);
    // In the file as it is now, no record may begin there.
    if ((await this.source.read(before, 1, offsetBytes - 1)) !== 1 || before[0] !== newline) return;
    this.base = offsetBytes;
    this.nextSequence = sequence;
  }

  private restart(): void {
    this.base = 0;
    this.endsRecord = true;
  }

  private acceptRead(bytesRead: number): boolean {
    const last = bytesRead === 0 ? -1 : this.buffer.lastIndexOf(newline, bytesRead - 1);
    this.unterminatedBytes = bytesRead - (last + 1);
    if (last >= 0) this.readEnd = last + 1;
    else if (bytesRead === maximumPieceBytes) this.readEnd = characterBoundary(this.buffer, bytesRead);
    else return false;
    this.encoding = chunkEncoding(this.buffer, this.readEnd);
    return true;
  }

  private provide(capacity: number): void {
    if (this.buffer.length === capacity) return;
    this.release();
    this.buffer = takeChunkBuffer(capacity);
  }

  private release(): void {
    if (this.buffer !== empty) giveChunkBuffer(this.buffer);
    this.buffer = empty;
  }
}
