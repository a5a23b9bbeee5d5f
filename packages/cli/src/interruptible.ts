import { constants } from 'node:os';
import { createContext, Script } from 'node:vm';
import { exitCodeOfSignal } from './exit-codes.js';
import { InterruptedError } from './failures.js';

const script = new Script('work()');
const room: { work?: () => void } = createContext({});

/**
 * Does work that may take for ever, as some regular expressions do, and no longer than until Ctrl-C: no listener for the
 * signal would run meanwhile. Costs a fifth of a millisecond.
 */
export function interruptible<Result>(work: () => Result): Result {
  let result: Result | undefined;
  room.work = () => {
    result = work();
  };
  try {
    script.runInContext(room, { breakOnSigint: true });
  } catch (error) {
    const isInterrupted = (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
    throw isInterrupted ? new InterruptedError(exitCodeOfSignal(constants.signals.SIGINT)) : error;
  }
  return result as Result;
}
