import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { nativeBinding } from './native-binding.js';
import { isSameProcess, type ProcessEntry } from './process-entry.js';

/**
 * Signals exactly this process. The pidfd is opened first and the identity verified through it, so a pid that
 * was reused since the scan is never hit. False when the process is gone, or not ours to signal. Throws when that cannot
 * be told, for want of descriptors above all.
 */
export function signalProcess(entry: Pick<ProcessEntry, 'pid' | 'startTime'>, signal: number): boolean {
  const pidfd = nativeBinding.pidfdOpen(entry.pid);
  if (pidfd === -constants.errno.ESRCH) return false;
  if (pidfd < 0) throw new Error(`pidfd_open of ${entry.pid} failed: ${getSystemErrorName(pidfd)}`);
  try {
    return isSameProcess(entry) && nativeBinding.pidfdSendSignal(pidfd, signal) === 0;
  } finally {
    closeSync(pidfd);
  }
}
