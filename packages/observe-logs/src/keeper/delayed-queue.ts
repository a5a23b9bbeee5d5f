import type { Clock } from '../clock.js';

export interface DelayedQueueOptions<Item> {
  readonly clock: Clock;
  /** How long each item waits at least. */
  readonly delayMs: number;
  /** Whether that is not the time to wait. */
  readonly isUrgent?: () => boolean;
  /** One at a time. Its errors are its own to report. */
  readonly work: (item: Item) => Promise<void>;
}

/** Work that is done later, one piece at a time, in the order in which it came. While nothing waits, no timer runs. */
export class DelayedQueue<Item> {
  private items: { readonly item: Item; readonly dueMs: number }[] = [];
  private next = 0;
  private pausedUntilMs = -Infinity;
  private running: Promise<void> | undefined;
  private waiting: AbortController | undefined;
  private isClosed = false;

  constructor(private readonly options: DelayedQueueOptions<Item>) {}

  get length(): number {
    return this.items.length - this.next;
  }

  push(item: Item): void {
    if (this.isClosed) return;
    this.items.push({ item, dueMs: this.options.clock.now() + this.options.delayMs });
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** It may have become urgent. */
  wake(): void {
    if (this.waiting && this.options.isUrgent?.()) this.waiting.abort();
  }

  /** Nothing is begun for so long, urgent or not. */
  pause(milliseconds: number): void {
    this.pausedUntilMs = this.options.clock.now() + milliseconds;
  }

  /** Resolves once nothing is done any more. Twice is harmless. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.items = [];
    this.next = 0;
    this.waiting?.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    // Whoever pushes goes on first.
    await Promise.resolve();
    while (this.length > 0) {
      await this.waitForFirst();
      const first = this.shift();
      if (first) await this.options.work(first.item).catch(() => undefined);
    }
  }

  private async waitForFirst(): Promise<void> {
    for (let pauseMs = this.pauseMs(); pauseMs > 0; pauseMs = this.pauseMs()) {
      this.waiting = new AbortController();
      const { signal } = this.waiting;
      await this.options.clock.sleep(pauseMs, signal).catch(() => undefined);
      this.waiting = undefined;
    }
  }

  private pauseMs(): number {
    const { clock, delayMs, isUrgent } = this.options;
    const first = this.items[this.next];
    if (!first) return 0;
    const pauseMs = this.pausedUntilMs - clock.now();
    if (pauseMs > 0) return pauseMs;
    // Where the clock has stepped back, no longer than for one that comes now.
    return isUrgent?.() ? 0 : Math.min(delayMs, first.dueMs - clock.now());
  }

  private shift() {
    const first = this.items[this.next++];
    if (this.next > 64 && this.next * 2 > this.items.length) {
      this.items = this.items.slice(this.next);
      this.next = 0;
    }
    return first;
  }
}
