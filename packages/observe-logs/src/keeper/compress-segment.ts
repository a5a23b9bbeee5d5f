import { constants } from 'node:fs';
import { type FileHandle, open, rm, utimes } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants as zlib, createGzip } from 'node:zlib';

/** Reads and writes in pieces of so many bytes: few turns of the event loop for a segment, and little memory. */
const pieceBytes = 256 * 1024;

/**
 * Writes the file compressed to another path, with the time of the original, and safe from a power cut. That path must
 * not be there yet. Where that fails or is aborted nothing is left of it.
 */
export async function compressSegment(from: string, to: string, signal: AbortSignal): Promise<void> {
  // Without O_NONBLOCK a FIFO of that name would be waited for.
  const original = await open(from, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const { atime, mtime } = await original.stat();
    const target = await open(to, 'wx', 0o600);
    try {
      await compressInto(original, target, signal);
      await utimes(to, atime, mtime);
      signal.throwIfAborted();
    } catch (error) {
      await rm(to, { force: true });
      throw error;
    }
  } finally {
    await original.close();
  }
}

async function compressInto(original: FileHandle, target: FileHandle, signal: AbortSignal): Promise<void> {
  const gzip = createGzip({ level: zlib.Z_BEST_SPEED, chunkSize: pieceBytes });
  const reading = original.createReadStream({ highWaterMark: pieceBytes });
  const writing = target.createWriteStream({ highWaterMark: pieceBytes, flush: true });
  try {
    await pipeline(reading, gzip, writing, { signal });
  } finally {
    // The streams close them as well; what they do last is waited for here.
    await target.close();
  }
}
