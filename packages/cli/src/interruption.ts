import { constants } from 'node:os';
import { endProcess } from './end-process.js';
import { exitCodeOfSignal } from './exit-codes.js';
import { InterruptedError } from './failures.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The user's wish to stop. The first signal aborts `signal`, so that the daemon can end what it runs; the second one
 * ends the process at once.
 */
export class Interruption implements Disposable {
  private readonly controller = new AbortController();

  private constructor() {
    for (const name of signals) process.on(name, this.handle);
  }

  static listen(): Interruption {
    return new Interruption();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for `work`, but no longer than until the user wants to stop. */
  async race<Result>(work: Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(this.signal.reason);
      this.signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.handle);
  }

  private readonly handle = (name: NodeJS.Signals): void => {
    const exitCode = exitCodeOfSignal(constants.signals[name]);
    if (this.signal.aborted) endProcess(exitCode);
    this.controller.abort(new InterruptedError(exitCode));
  };
}
