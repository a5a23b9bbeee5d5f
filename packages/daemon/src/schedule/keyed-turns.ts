import { unlessAborted } from '@aurae/proto';

/** Work by key: for each key one after the other, in the order of the calls; different keys at once. */
export class KeyedTurns {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Answers as the work does. The work begins in a later turn of the event loop at the earliest. */
  run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    return this.runAll([key], work);
  }

  /** Holds several keys at a time. Gives back its places, and rejects, when the signal aborts before the work has begun. */
  runAll<Result>(keys: readonly string[], work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    const before = keys.map((key) => this.last.get(key));
    // All keys are queued for at once, so that no two can wait for each other.
    const free = Promise.all(before);
    const turn = (signal ? unlessAborted(free, signal) : free).then(work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    keys.forEach((key, index) => this.queue(key, Promise.all([before[index], settled])));
    return turn;
  }

  private queue(key: string, last: Promise<unknown>): void {
    this.last.set(key, last);
    void last.then(() => {
      if (this.last.get(key) === last) this.last.delete(key);
    });
  }

  /** Resolves once nothing of these keys is going on or waits. */
  async idle(keys: readonly string[]): Promise<void> {
    for (;;) {
      const going = keys.map((key) => this.last.get(key)).filter((work) => work !== undefined);
      if (going.length === 0) return;
      await Promise.all(going);
    }
  }

  /** The same of all keys. */
  async allIdle(): Promise<void> {
    while (this.last.size > 0) await Promise.all(this.last.values());
  }
}
