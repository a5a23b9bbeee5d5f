import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { chunkBytes, giveChunkBuffer, takeChunkBuffer } from './chunk-buffers.js';
import { characterBoundary, type ChunkEncoding, chunkEncoding } from './chunk-text.js';
import type { LogSegment } from './log-segment.js';

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
    private readonly handle: FileHandle,
    private readonly device: number,
    private readonly inode: number,
  ) {
    this.nextSequence = segment.firstSequence;
  }

  static async open(segment: LogSegment): Promise<SegmentCursor> {
    // Without O_NONBLOCK a FIFO of that name would be waited for.
    const handle = await open(segment.path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw Object.assign(new Error('it is not a regular file'), { code: 'EISDIR' });
      return new SegmentCursor(segment, handle, status.dev, status.ino);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Whether pieces wait that were read. */
  get isFilled(): boolean {
    return this.position < this.readEnd;
  }

  /** Whether the last record has no newline, once `fill` has found no more. */
  get isTorn(): boolean {
    return this.unterminatedBytes > 0 || !this.endsRecord;
  }

  /**
   * Reads on, unless pieces wait. False: there is no further whole record now.
   * @param endBytes reads nothing from this place of the file on
   */
  async fill(endBytes: number): Promise<boolean> {
    if (this.isFilled) return true;
    this.base += this.position;
    this.position = this.readEnd = 0;
    for (let capacity = chunkBytes; ; capacity *= 4) {
      this.provide(capacity);
      const wanted = Math.max(0, Math.min(capacity, endBytes - this.base));
      const { bytesRead } = await this.handle.read(this.buffer, 0, wanted, this.base);
      if (this.acceptRead(bytesRead)) return true;
      if (bytesRead === capacity) continue;
      // Somebody has emptied the file: what was written since comes first in it.
      if (bytesRead === 0 && (await this.handle.stat()).size < this.base) this.restart();
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

  /** Whether its path names another file by now. */
  async isReplaced(): Promise<boolean> {
    const status = await stat(this.segment.path).catch(() => undefined);
    return status !== undefined && (status.ino !== this.inode || status.dev !== this.device);
  }

  async close(): Promise<void> {
    this.position = this.readEnd = 0;
    this.release();
    await this.handle.close();
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
    this.buffer = capacity === chunkBytes ? takeChunkBuffer() : Buffer.allocUnsafeSlow(capacity);
  }

  private release(): void {
    if (this.buffer !== empty) giveChunkBuffer(this.buffer);
    this.buffer = empty;
  }
}
