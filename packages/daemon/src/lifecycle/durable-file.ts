import { randomBytes } from 'node:crypto';
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface DurableFile {
  readonly path: string;
  readonly data: string;
  readonly mode: number;
}

const temporaryName = /^\..+\.[0-9a-f]{16}\.tmp$/;
const staleAfterMs = 10 * 60_000;

/**
 * Makes a file that is either whole and on disk, or absent, whatever happens meanwhile.
 * Returns false, and changes nothing, when the path exists.
 */
export async function createFileDurably(file: DurableFile): Promise<boolean> {
  return await throughTemporaryFile(file, async (temporary) => {
    try {
      // Unlike a rename, a link never replaces what another process has just made.
      await link(temporary, file.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  });
}

/** Puts a whole file in the place of what is there, if anything. A reader sees the old file or the new one. */
export async function replaceFileDurably(file: DurableFile): Promise<void> {
  await throughTemporaryFile(file, (temporary) => rename(temporary, file.path));
}

export async function removeFileDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

/** Removes what a crash left behind. Young ones stay: they may belong to a process that is still at it. */
export async function removeStaleTemporaryFiles(directory: string): Promise<void> {
  const oldest = Date.now() - staleAfterMs;
  for (const name of await readdir(directory)) {
    if (!temporaryName.test(name)) continue;
    const path = join(directory, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats !== undefined && stats.mtimeMs < oldest) await rm(path, { force: true });
  }
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function throughTemporaryFile<T>(file: DurableFile, publish: (temporary: string) => Promise<T>): Promise<T> {
  const directory = dirname(file.path);
  const temporary = join(directory, `.${basename(file.path)}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeNewFile(temporary, file);
    const result = await publish(temporary);
    await syncDirectory(directory);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeNewFile(path: string, { data, mode }: DurableFile): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    // The umask may have taken bits from the mode given to open.
    await handle.chmod(mode);
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
