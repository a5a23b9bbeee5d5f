import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

/**
 * Replaces a file by `FILE.gz`, which is there only when it is whole. Whatever ends it early leaves the file as it is.
 *
 * @throws what a file system does, or the signal's AbortError
 */
export async function compressFile(path: string, signal: AbortSignal): Promise<void> {
  const partial = `${path}.gz.partial`;
  try {
    await pipeline(
      createReadStream(path, { highWaterMark: 256 * 1024 }),
      // Logs shrink to a tenth at any level; the others take three times as long.
      createGzip({ level: constants.Z_BEST_SPEED }),
      createWriteStream(partial, { flags: 'wx', mode: 0o600 }),
      { signal },
    );
    await rename(partial, `${path}.gz`);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await rm(path);
}
