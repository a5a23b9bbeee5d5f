import type { FileHandle } from 'node:fs/promises';

const lineFeed = 0x0a;
const chunkBytes = 64 * 1024;
/** More than any line has: what is longer was not written by this sink. */
const longestLineBytes = 32 * 1024 * 1024;
/** How every line of this sink begins. */
const lineStart = Buffer.from('{"time":"');

/**
 * Cuts off a last line that has no end, as a kill or a power cut leaves it. What does not look like one of this sink's
 * lines is not cut but ended, so that the next line does not continue it.
 *
 * @param handle open to read and to append
 * @returns the size of the file
 */
export async function mendLastLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const start = await startOfLastLine(handle, size);
  if (start === size) return size;
  if (start !== undefined && (await isOurs(handle, start, size))) {
    await handle.truncate(start);
    return start;
  }
  const { bytesWritten } = await handle.write('\n');
  return size + bytesWritten;
}

/** What follows the last line feed: the size itself when nothing does; undefined when there is none near enough. */
async function startOfLastLine(handle: FileHandle, size: number): Promise<number | undefined> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let end = size; end > 0; end -= chunkBytes) {
    if (size - end > longestLineBytes) return undefined;
    const start = Math.max(0, end - chunkBytes);
    const { bytesRead } = await handle.read(chunk, 0, end - start, start);
    const found = chunk.subarray(0, bytesRead).lastIndexOf(lineFeed);
    if (found !== -1) return start + found + 1;
  }
  return 0;
}

async function isOurs(handle: FileHandle, start: number, size: number): Promise<boolean> {
  const length = Math.min(lineStart.length, size - start);
  const beginning = Buffer.alloc(length);
  await handle.read(beginning, 0, length, start);
  return beginning.equals(lineStart.subarray(0, length));
}
