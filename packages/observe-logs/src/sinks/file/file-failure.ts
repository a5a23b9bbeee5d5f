import { type AuraeError, ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import { messageOf } from '../sink-report.js';

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on its disk',
  EDQUOT: 'free space within the quota',
  ENOENT: 'choose a place where files can be made',
  EACCES: 'give the daemon the right to write there',
  EPERM: 'give the daemon the right to write there',
  EROFS: 'choose a place that can be written to',
  ELOOP: 'it is a symbolic link: give the path that the link leads to',
  EISDIR: 'it is a directory: give the path of a file in it',
  ENOTDIR: 'move it away, or choose another path',
};

/** Why the log file takes nothing, as an error that has the batch tried again. */
export function fileFailure(path: string, cause: unknown): AuraeError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const message = `Cannot write the log file "${path}": ${messageOf(cause)}; ${remedies[code] ?? 'it is tried again'}`;
  return full.has(code) ? new ResourceExhaustedError(message, { cause }) : new UnavailableError(message, { cause });
}
