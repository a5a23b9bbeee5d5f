import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { scanBytes } from './chunk-buffers.js';
import { errorCode } from './error-code.js';
import { type LogSegment, logSegmentName } from './log-segment.js';
import { SegmentCursor } from './segment-cursor.js';
import type { SegmentPlace } from './segment-place.js';

const safeFlags = constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What a write left of some records. */
export interface WriteResult {
  /** How many of them are in the segment. */
  readonly written: number;
  /** Why the others are not. */
  readonly failure?: Error;
}

/** The last segment of a log, open for its one writer. */
export class WritableSegment {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private size: number,
  ) {}

  /** Makes a segment, and its directory. @throws the error of the system */
  static async begin(directory: string, firstSequence: number): Promise<WritableSegment> {
    const path = join(directory, logSegmentName(firstSequence));
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | safeFlags;
    const make = () => open(path, flags, 0o600);
    const handle = await make().catch(async (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return make();
    });
    return new WritableSegment(path, handle, 0);
  }

  /** Goes on with a segment, and cuts off a record without an end. @throws the error of the system */
  static async resume(segment: LogSegment): Promise<{ segment: WritableSegment; nextSequence: number }> {
    const { offsetBytes, sequence } = await endOfRecords(segment);
    const handle = await open(segment.path, constants.O_WRONLY | safeFlags);
    try {
      if ((await handle.stat()).size > offsetBytes) await handle.truncate(offsetBytes);
      return { segment: new WritableSegment(segment.path, handle, offsetBytes), nextSequence: sequence };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return this.size;
  }

  /** Whether nobody will find it any more. */
  async isRemoved(): Promise<boolean> {
    const status = await this.handle.stat().catch(() => undefined);
    return status === undefined || status.nlink === 0;
  }

  /** Appends whole records or nothing of them. After a failure, it has to be closed. */
  async write(records: readonly Buffer[]): Promise<WriteResult> {
    const bytes = Buffer.concat(records);
    let done = 0;
    try {
      while (done < bytes.length) done += (await this.handle.write(bytes, done)).bytesWritten;
      this.size += bytes.length;
      return { written: records.length };
    } catch (error) {
      return { written: await this.keepWhole(records, done), failure: error as Error };
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Of a write that stopped in the middle, the whole records stay. Returns how many these are. */
  private async keepWhole(records: readonly Buffer[], writtenBytes: number): Promise<number> {
    let written = 0;
    let whole = 0;
    for (const { length } of records) {
      if (whole + length > writtenBytes) break;
      whole += length;
      written += 1;
    }
    this.size += whole;
    // Where even that fails: a reader takes a record without an end, in a segment that is not the last, for a loss.
    const tidy = this.size === 0 ? unlink(this.path) : this.handle.truncate(this.size);
    await tidy.catch(() => undefined);
    return written;
  }
}

async function endOfRecords(segment: LogSegment): Promise<SegmentPlace> {
  const cursor = await SegmentCursor.open(segment);
  let { place } = cursor;
  try {
    while (await cursor.fill(Infinity, scanBytes)) {
      cursor.skipFilled();
      if (cursor.endsRecord) place = cursor.place;
    }
    return place;
  } finally {
    await cursor.close();
  }
}
