import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Primary result codes, https://www.sqlite.org/rescode.html */
const codes = { error: 1, busy: 5, ioError: 10, corrupt: 11, full: 13, constraint: 19, notADatabase: 26 } as const;

/** SQLITE_IOERR_SHMSIZE: the index of the log could not grow. */
const sharedMemorySize = 4874;

/** Below this much free space an error of input and output is one of space: quotas and some file systems tell no better. */
const scarceBytes = 256 * 1024;

/** Extended result code; undefined for what does not come from SQLite. */
function resultCode(error: unknown): number | undefined {
  const { rawCode } = (error ?? {}) as { readonly rawCode?: unknown };
  return typeof rawCode === 'number' ? rawCode : undefined;
}

function primaryCode(error: unknown): number | undefined {
  const code = resultCode(error);
  return code === undefined ? undefined : code & 0xff;
}

/** Whether it tells of what is in the file, and not of what is around it. */
export function isDamage(error: unknown): boolean {
  const code = primaryCode(error);
  return code === codes.corrupt || code === codes.notADatabase;
}

/** Whether a statement does not fit to the tables. */
export function isMismatch(error: unknown): boolean {
  const code = primaryCode(error);
  return code === codes.error || code === codes.constraint;
}

export function isBusy(error: unknown): boolean {
  return primaryCode(error) === codes.busy;
}

/** Whether there is no space for the file. */
export async function isFull(error: unknown, path: string): Promise<boolean> {
  const code = primaryCode(error);
  if (code === codes.full || resultCode(error) === sharedMemorySize) return true;
  if (code !== codes.ioError) return false;
  const space = await statfs(dirname(path)).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize < scarceBytes;
}
