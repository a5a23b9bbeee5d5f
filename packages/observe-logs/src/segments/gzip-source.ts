import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { constants, createGunzip, type Gunzip } from 'node:zlib';
import { errorCode } from './error-code.js';
import type { SegmentSource } from './segment-source.js';

const inputBytes = 32 * 1024;
const outputBytes = 64 * 1024;

/**
 * A segment that was compressed, read from its beginning to its end. It holds what was read last, since a record that
 * was read in part is read again, and one chunk beyond.
 */
export class GzipSource implements SegmentSource {
  isDamaged = false;
  private readonly gunzip: Gunzip;
  private readonly chunks: AsyncIterator<Buffer>;
  private held: Buffer[] = [];
  /** Places of the first byte that is held, and of the one after the last. */
  private heldStart = 0;
  private heldEnd = 0;
  private isAtEnd = false;

  constructor(
    private readonly handle: FileHandle,
    readonly device: number,
    readonly inode: number,
  ) {
    // One chunk waits at most: an error takes what waits away. Where the file is cut off, its last bytes come without one.
    const options = { chunkSize: outputBytes, readableHighWaterMark: 1, finishFlush: constants.Z_SYNC_FLUSH };
    this.gunzip = createGunzip(options);
    // The error comes out of the iterator, too.
    pipeline(bytesOf(handle), this.gunzip, () => undefined);
    this.chunks = this.gunzip[Symbol.asyncIterator]();
  }

  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    this.letGo(position);
    while (this.heldEnd < position + length && (await this.inflate())) this.letGo(position);
    return this.copyHeld(buffer, length, position);
  }

  /** Nobody writes to it any more. */
  isShorterThan(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async close(): Promise<void> {
    this.isAtEnd = true;
    this.held = [];
    this.gunzip.destroy();
    await this.handle.close();
  }

  /** Holds a further chunk. False: there is none. */
  private async inflate(): Promise<boolean> {
    if (this.isAtEnd) return false;
    try {
      const { done, value } = await this.chunks.next();
      if (!done) {
        this.held.push(value);
        this.heldEnd += value.length;
        return true;
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.isDamaged = true;
    }
    this.isAtEnd = true;
    return false;
  }

  private letGo(position: number): void {
    for (let first = this.held[0]; first && this.heldStart + first.length <= position; first = this.held[0]) {
      this.heldStart += first.length;
      this.held.shift();
    }
  }

  private copyHeld(buffer: Buffer, length: number, position: number): number {
    let copied = 0;
    let start = this.heldStart;
    for (const chunk of this.held) {
      const from = Math.max(0, position + copied - start);
      copied += chunk.copy(buffer, copied, from, Math.min(chunk.length, from + length - copied));
      if (copied === length) break;
      start += chunk.length;
    }
    return copied;
  }
}

async function* bytesOf(handle: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafeSlow(inputBytes);
    const { bytesRead } = await handle.read(buffer, 0, inputBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The file is not what it was when it was compressed. */
function isDamage(error: unknown): boolean {
  return errorCode(error)?.startsWith('Z_') ?? false;
}
