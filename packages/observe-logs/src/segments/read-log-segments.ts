import { setMaxListeners } from 'node:events';
import { abortReason, type observe, onAbort } from '@aurae/proto';
import { type LogEnd, logRange, type LogRange, type LogReadOptions } from './log-read-options.js';
import { LogReading } from './log-reading.js';

/**
 * Reads a log in batches of at most about 256 items or 256 KiB, each once and in order. It reads when it is asked to,
 * and holds one chunk of the log at most. Leaving the loop, or aborting the signal, closes what it has open.
 *
 * Whatever is missing is told: in `dropped` of the item after the loss, or, when none follows, by an item at the end
 * without a channel (`level` is `warn`).
 * @throws RangeError when an option is out of its range
 */
export function readLogSegments(options: LogReadOptions): AsyncIterableIterator<observe.LogItem[]> {
  return new LogBatches(logRange(options), options.follow ?? false, options.signal);
}

class LogBatches implements AsyncIterableIterator<observe.LogItem[]> {
  private readonly reading: LogReading;
  /** Whoever asks while a read goes on gets what comes after it. */
  private turn: Promise<unknown> = Promise.resolve();
  private isFinished = false;
  private ignoreAbort: (() => void) | undefined;

  constructor(
    range: LogRange,
    follow: boolean | LogEnd,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.reading = new LogReading(range, follow);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<observe.LogItem[], undefined>> {
    this.heedAbort();
    const result = this.turn.then(() => this.read());
    this.turn = result.catch(() => undefined);
    return result;
  }

  // A generator would let return() wait for a pending next(), that is for a line that may never come.
  async return(): Promise<IteratorResult<observe.LogItem[], undefined>> {
    this.isFinished = true;
    this.reading.stop();
    this.turn = this.turn.then(() => this.close());
    await this.turn;
    return { done: true, value: undefined };
  }

  private async read(): Promise<IteratorResult<observe.LogItem[], undefined>> {
    if (this.isFinished) return { done: true, value: undefined };
    try {
      const items = this.signal?.aborted ? undefined : await this.reading.read();
      if (this.signal?.aborted && !this.isFinished) throw abortReason(this.signal);
      if (items) return { done: false, value: items };
    } catch (error) {
      await this.close();
      throw error;
    }
    await this.close();
    return { done: true, value: undefined };
  }

  /** A reader that is aborted while nobody asks it for more must not keep its file open. */
  private heedAbort(): void {
    if (!this.signal || this.ignoreAbort || this.isFinished) return;
    // Many readers may share one signal; Node takes more than ten listeners for a leak.
    setMaxListeners(0, this.signal);
    this.ignoreAbort = onAbort(this.signal, () => {
      this.reading.stop();
      this.turn = this.turn.then(() => this.reading.close());
    });
  }

  private async close(): Promise<void> {
    this.isFinished = true;
    this.ignoreAbort?.();
    await this.reading.close();
  }
}
