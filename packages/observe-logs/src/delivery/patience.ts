import { DeadlineExceededError } from '@aurae/proto';
import type { Clock } from '../clock.js';

/** How long a batch is tried: for a limited time, and no longer than the pump runs. A timer tells, whatever the clock says. */
export class Patience implements Disposable {
  private readonly end = new AbortController();
  private readonly timer = new AbortController();
  private readonly stop = () => this.end.abort(this.stopping.reason);

  constructor(
    clock: Clock,
    private readonly stopping: AbortSignal,
    forMs: number,
  ) {
    stopping.addEventListener('abort', this.stop);
    const error = new DeadlineExceededError(`The batch was given up after ${forMs} ms`);
    clock.sleep(forMs, this.timer.signal).then(
      () => this.end.abort(error),
      () => {},
    );
  }

  /** Aborts when it is over. */
  get signal(): AbortSignal {
    return this.end.signal;
  }

  /** Lets go of the timer. */
  [Symbol.dispose](): void {
    this.timer.abort();
    this.stopping.removeEventListener('abort', this.stop);
  }
}
