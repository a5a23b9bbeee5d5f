import type { observe } from '@aurae/proto';

type ItemResult = IteratorResult<observe.LogItem, undefined>;

/** The items of batches one by one. An item that is there costs one settled promise, and no generator. */
export function logItems(batches: AsyncIterable<readonly observe.LogItem[]>): AsyncIterableIterator<observe.LogItem> {
  return new LogItems(batches[Symbol.asyncIterator]());
}

class LogItems implements AsyncIterableIterator<observe.LogItem> {
  private batch: readonly observe.LogItem[] = [];
  private index = 0;
  /** Those who wait for a batch, and the last of them: whoever asks meanwhile comes after. */
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();
  private isFinished = false;

  constructor(private readonly batches: AsyncIterator<readonly observe.LogItem[]>) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<ItemResult> {
    const value = this.waiting === 0 ? this.batch[this.index] : undefined;
    if (value === undefined) return this.waitForBatch();
    this.index += 1;
    return Promise.resolve({ done: false, value });
  }

  async return(): Promise<ItemResult> {
    this.finish();
    await this.batches.return?.();
    return { done: true, value: undefined };
  }

  private waitForBatch(): Promise<ItemResult> {
    this.waiting += 1;
    const result = this.last.then(() => this.takeOrFetch());
    const settled = () => {
      this.waiting -= 1;
    };
    this.last = result.then(settled, settled);
    return result;
  }

  private async takeOrFetch(): Promise<ItemResult> {
    try {
      for (;;) {
        const value = this.batch[this.index++];
        if (value !== undefined) return { done: false, value };
        if (this.isFinished || !(await this.fetch())) break;
      }
    } catch (error) {
      this.finish();
      throw error;
    }
    this.finish();
    return { done: true, value: undefined };
  }

  private async fetch(): Promise<boolean> {
    const { done, value } = await this.batches.next();
    if (done || this.isFinished) return false;
    this.batch = value;
    this.index = 0;
    return true;
  }

  private finish(): void {
    this.isFinished = true;
    this.batch = [];
    this.index = 0;
  }
}
