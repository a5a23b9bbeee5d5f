import { setMaxListeners } from 'node:events';
import { abortReason, type observe } from '@aurae/proto';
import type { LogCursor } from './log-cursor.js';

/**
 * Iterates over a cursor and waits for what is to come. Leaving the loop, or aborting the signal, lets the ring
 * forget the reader at once. An abort throws its reason.
 */
export class LogSubscription implements AsyncIterableIterator<observe.LogItem> {
  private finished = false;
  private readonly waits = new Set<() => void>();

  /** @param lastSequence ends after this line rather than follow; undefined follows until the log ends */
  constructor(
    private readonly cursor: LogCursor,
    private readonly signal: AbortSignal,
    private readonly lastSequence: bigint | undefined,
  ) {
    // Many followers may share one signal; Node takes more than ten listeners for a leak.
    setMaxListeners(0, signal);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<observe.LogItem, undefined>> {
    while (!this.finished) {
      if (this.signal.aborted) throw abortReason(this.signal);
      const item = this.isPastLast ? undefined : this.cursor.read();
      if (item) return { done: false, value: item };
      if (this.isPastLast || this.cursor.ended) this.finish();
      else await this.wait();
    }
    return { done: true, value: undefined };
  }

  // A generator would let return() wait for a pending next(), that is for a line that may never come.
  async return(): Promise<IteratorResult<observe.LogItem, undefined>> {
    this.finish();
    return { done: true, value: undefined };
  }

  private get isPastLast(): boolean {
    return this.lastSequence !== undefined && this.cursor.nextSequence > this.lastSequence;
  }

  private finish(): void {
    this.finished = true;
    for (const wake of this.waits) wake();
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        unpark();
        this.signal.removeEventListener('abort', wake);
        this.waits.delete(wake);
        resolve();
      };
      const unpark = this.cursor.park(wake);
      this.signal.addEventListener('abort', wake);
      this.waits.add(wake);
    });
  }
}
