import { closeSync, openSync, readSync } from 'node:fs';

const chunkBytes = 64 * 1024;
const chunk = Buffer.allocUnsafe(chunkBytes);
/** What it told of is gone, or may not be looked at. */
const absent = new Set(['ENOENT', 'ENODEV', 'ESRCH', 'ENOTDIR', 'EACCES', 'EPERM', 'EOPNOTSUPP']);

/**
 * A file of procfs or of a cgroup; undefined when it is not there, or no longer. The kernel makes its text up at once,
 * without a disk, so that reading it here takes a tenth of the time that a thread for it would.
 */
export function readKernelFile(path: string): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    return readToEnd(descriptor);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !absent.has(code)) throw error;
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readToEnd(descriptor: number): string {
  let text = '';
  for (;;) {
    const length = readSync(descriptor, chunk, 0, chunkBytes, null);
    if (length === 0) return text;
    text += chunk.toString('latin1', 0, length);
  }
}
