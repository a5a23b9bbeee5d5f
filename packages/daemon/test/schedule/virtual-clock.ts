import type { ScheduleClock } from '../../src/schedule/schedule-clock.js';

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class VirtualClock implements ScheduleClock {
  #monotonicMs = 0;
  /** What the wall shows when the monotonic clock shows 0. */
  #wallOffsetMs: number;
  #lastOrder = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(wallMs: number = Date.UTC(2024, 0, 1)) {
    this.#wallOffsetMs = wallMs;
  }

  now(): number {
    return this.#wallOffsetMs + Math.floor(this.#monotonicMs);
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  after(milliseconds: number, callback: () => void): () => void {
    this.#lastOrder += 1;
    const atMs = this.#monotonicMs + Math.max(0, milliseconds);
    const waiting = { atMs, order: this.#lastOrder, callback };
    this.#waiting.add(waiting);
    return () => void this.#waiting.delete(waiting);
  }

  /** How many callbacks wait: what a test compares to see that nothing was left behind. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** When the next callback is due, counted from now. */
  get nextInMs(): number | undefined {
    const next = this.#next(Number.POSITIVE_INFINITY);
    return next && next.atMs - this.#monotonicMs;
  }

  /** Moves both clocks, and calls back on the way whatever comes due, in order. */
  advance(milliseconds: number): void {
    const untilMs = this.#monotonicMs + milliseconds;
    while (this.#runNext(untilMs));
    this.#monotonicMs = untilMs;
  }

  /** As `advance`, and lets what the callbacks have set off settle before the next one. */
  async advanceAsync(milliseconds: number): Promise<void> {
    const untilMs = this.#monotonicMs + milliseconds;
    await settle();
    while (this.#runNext(untilMs)) await settle();
    this.#monotonicMs = untilMs;
    await settle();
  }

  /** Moves only the wall, either way. Nobody is told. */
  jumpWall(milliseconds: number): void {
    this.#wallOffsetMs += milliseconds;
  }

  /** Moves both clocks as they go on for a process that is stopped: what came due is called by the next `advance`. */
  stall(milliseconds: number): void {
    this.#monotonicMs += milliseconds;
  }

  #runNext(untilMs: number): boolean {
    const next = this.#next(untilMs);
    if (next === undefined) return false;
    this.#waiting.delete(next);
    this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
    next.callback();
    return true;
  }

  #next(untilMs: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.atMs > untilMs) continue;
      if (!first || waiting.atMs < first.atMs || (waiting.atMs === first.atMs && waiting.order < first.order)) {
        first = waiting;
      }
    }
    return first;
  }
}

/** Lets promises that are on their way settle, and one turn of the event loop pass. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
