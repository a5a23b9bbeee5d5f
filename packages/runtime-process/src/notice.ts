import { deferred } from './deferred.js';

/** Wakes whoever waits, once for all that was told since the last time. */
export class Notice {
  private told = false;
  private waiting = deferred<undefined>();

  readonly tell = (): void => {
    this.told = true;
    this.waiting.resolve(undefined);
  };

  /** At once when something was told since the last `wait`. For one waiter at a time. */
  async wait(): Promise<void> {
    if (!this.told) await this.waiting.promise;
    this.told = false;
    this.waiting = deferred();
  }
}
