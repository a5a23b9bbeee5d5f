import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';

/** What is done with a cgroup file system. All reject with the errors of node:fs. */
export interface CgroupFiles {
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Names of the directories in it. */
  directoriesIn(path: string): Promise<string[]>;
  read(path: string): Promise<string>;
  /** One write(2), and never makes a file. */
  write(path: string, value: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Rejects when it may not be written to. */
  checkWritable(path: string): Promise<void>;
}

export const hostCgroupFiles: CgroupFiles = {
  makeDirectory: (path) => mkdir(path, 0o755),
  removeDirectory: (path) => rmdir(path),
  directoriesIn: async (path) => {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  },
  read: (path) => readFile(path, 'latin1'),
  // Not for reading too: a user other than root may only write to files such as cgroup.kill.
  write: (path, value) => writeFile(path, value, { flag: constants.O_WRONLY }),
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  checkWritable: (path) => access(path, constants.W_OK),
};

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code !== undefined && codes.includes(code);
}

/** Undefined in place of an error of one of these codes. */
export async function unless<T>(codes: readonly string[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}

/** The words of a file such as cgroup.controllers; none when it is not there. */
export async function readWords(files: CgroupFiles, path: string): Promise<string[]> {
  const text = (await unless(['ENOENT', 'ENODEV'], files.read(path))) ?? '';
  return text.split(/\s+/).filter((word) => word !== '');
}
