import { chmodSync, closeSync, constants, existsSync, lstatSync, openSync, readSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StartupError } from '../../lifecycle/startup-error.js';

/** Only the daemon's user: specs carry the values of environment variables. */
export const fileMode = 0o600;

/** The files of a store, all in one directory. SQLite chooses the names of the log and of its index. */
export interface StoreFiles {
  readonly main: string;
  readonly log: string;
  readonly logIndex: string;
  readonly backup: string;
  /** A backup that is not yet whole. */
  readonly newBackup: string;
}

export function storeFiles(main: string): StoreFiles {
  const backup = join(dirname(main), `${main.slice(dirname(main).length + 1).replace(/\.db$/, '')}.backup.db`);
  return { main, log: `${main}-wal`, logIndex: `${main}-shm`, backup, newBackup: `${backup}.new` };
}

/**
 * Makes the file of a new store, or checks that it may be written to. Never while a connection to it is open: closing any
 * descriptor of a file gives back all locks that the process holds on it (fcntl(2)).
 *
 * @throws StartupError for what is no regular file, and for one that cannot be opened
 */
export function prepareStoreFile(path: string): void {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) {
    throw new StartupError(`The store of the schedule "${path}" is not a regular file: move it away, then start again`);
  }
  try {
    closeSync(openSync(path, flags, fileMode));
    // SQLite gives its other files the mode of this one.
    chmodSync(path, fileMode);
  } catch (error) {
    throw new StartupError(
      `Cannot open the store of the schedule for writing: ${(error as Error).message}; see to that, or choose another ` +
        'directory with --root',
    );
  }
}

export function isPresent(path: string): boolean {
  return existsSync(path);
}

/** Not empty. */
export function hasContent(path: string): boolean {
  return (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** As the file says it. Not while a connection is open, see `prepareStoreFile`. */
export function journalMode(path: string): 'rollback' | 'log' | undefined {
  const header = Buffer.alloc(20);
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  // https://www.sqlite.org/fileformat.html#file_format_version_numbers
  return ([undefined, 'rollback', 'log'] as const)[header.readUInt8(18)];
}

/** What a crash has left of a backup. */
export async function removeLeftovers({ newBackup }: StoreFiles): Promise<void> {
  await Promise.all([newBackup, `${newBackup}-journal`].map((path) => rm(path, { force: true })));
}

/** Waits until the file, or the names in the directory, are on the disk. */
export async function syncToDisk(path: string): Promise<void> {
  const file = await open(path, constants.O_RDONLY);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
