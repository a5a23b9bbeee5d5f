import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { FileSource } from './file-source.js';
import { GzipSource } from './gzip-source.js';
import type { LogSegment } from './log-segment.js';

/** The records of a segment as bytes, whatever its form. */
export interface SegmentSource {
  readonly device: number;
  readonly inode: number;
  /** Whether what came last is not the end of what was once written: the rest cannot be read. */
  readonly isDamaged: boolean;
  /**
   * Fills the buffer with up to `length` bytes from this place on; fewer only at the end. Places must not go back behind
   * that of the call before.
   */
  read(buffer: Buffer, length: number, position: number): Promise<number>;
  /** Whether there is less than this by now: somebody has cut it. */
  isShorterThan(bytes: number): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws the error of the system, such as ENOENT */
export async function openSegmentSource(segment: LogSegment): Promise<SegmentSource> {
  // Without O_NONBLOCK a FIFO of that name would be waited for.
  const handle = await open(segment.path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw Object.assign(new Error('it is not a regular file'), { code: 'EISDIR' });
    const { dev, ino } = status;
    return segment.form === 'compressed' ? new GzipSource(handle, dev, ino) : new FileSource(handle, dev, ino);
  } catch (error) {
    await handle.close();
    throw error;
  }
}
