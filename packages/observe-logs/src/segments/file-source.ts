import type { FileHandle } from 'node:fs/promises';
import type { SegmentSource } from './segment-source.js';

/** A segment as it was written. */
export class FileSource implements SegmentSource {
  readonly isDamaged = false;

  constructor(
    private readonly handle: FileHandle,
    readonly device: number,
    readonly inode: number,
  ) {}

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    return (await this.handle.read(buffer, 0, length, position)).bytesRead;
  }

  async isShorterThan(bytes: number): Promise<boolean> {
    return (await this.handle.stat()).size < bytes;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
