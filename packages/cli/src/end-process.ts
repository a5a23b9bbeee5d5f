import { constants } from 'node:os';
import { exitCodeOfSignal } from './exit-codes.js';

/**
 * Ends the process now, for a signal that stands for this exit code. After SIGHUP it is the signal itself that does:
 * Node aborts when it cannot set a terminal that has hung up to what it was before.
 */
export function endProcess(exitCode: number): never {
  if (exitCode === exitCodeOfSignal(constants.signals.SIGHUP)) {
    process.emit('exit', exitCode);
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  }
  process.exit(exitCode);
}
