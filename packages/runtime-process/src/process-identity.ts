import { constants } from 'node:os';
import { isSameProcess, type ProcessEntry } from './process-entry.js';
import { signalProcess } from './signal-process.js';

/** A process that is no other, however pids are reused. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
}

/** Whether it is still alive. A process that cannot be looked at for want of descriptors counts as alive. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    return isSameProcess(entryOf(identity));
  } catch {
    return true;
  }
}

/** Reaches exactly this process. False when it is gone, or could not be reached for want of descriptors. */
export function signalIdentity(identity: ProcessIdentity, signal: number): boolean {
  try {
    return signalProcess(entryOf(identity), signal);
  } catch {
    return false;
  }
}

/** Asks a shim whose socket is gone to make it again. */
export function listenAnew(shim: ProcessIdentity): void {
  signalIdentity(shim, constants.signals.SIGUSR1);
}

function entryOf({ pid, startTime }: ProcessIdentity): Pick<ProcessEntry, 'pid' | 'startTime'> {
  return { pid, startTime: String(startTime) };
}
