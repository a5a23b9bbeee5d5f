import type { ScheduleClock } from '../schedule-clock.js';
import { MomentQueue } from './moment-queue.js';

/**
 * How often the wall is looked at while something waits for it. The kernel could tell of a jump by itself (timerfd with
 * TFD_TIMER_CANCEL_ON_SET, timerfd_create(2)), but Node has no way to ask it.
 */
export const wallLookMs = 10_000;

/** What waits for a moment of the wall clock. */
export interface WallSleeper {
  /** The moment has come. It waits no longer, unless it asks again. */
  wake(): void;
  /** The wall clock has gone back. It still waits, for the same moment as before. */
  wallWentBack(): void;
}

/** Wakes whoever waits for a moment of the wall clock, with one timer for all of them. Follows its jumps within 10 s. */
export class AlarmClock {
  readonly clock: ScheduleClock;
  readonly #queue = new MomentQueue<WallSleeper>();
  #stopLook: (() => void) | undefined;
  #nextLookMs = 0;
  #seenWallMs = Number.NEGATIVE_INFINITY;

  constructor(clock: ScheduleClock) {
    this.clock = clock;
  }

  /** Wakes it at that moment, never before this call has returned. Infinity: it only hears of jumps. Answers with what takes it back. */
  wakeAt(wallMs: number, sleeper: WallSleeper): () => void {
    if (this.#queue.size === 0) this.#seenWallMs = this.clock.now();
    const place = this.#queue.add(sleeper, wallMs);
    this.#planLook();
    return () => {
      this.#queue.remove(place);
      if (this.#queue.size === 0) this.#cancelLook();
    };
  }

  #planLook(): void {
    const first = this.#queue.first;
    if (first === undefined) return this.#cancelLook();
    const inMs = Math.min(wallLookMs, Math.max(0, first.atMs - this.clock.now()));
    const lookMs = this.clock.monotonic() + inMs;
    if (this.#stopLook && this.#nextLookMs <= lookMs) return;
    this.#stopLook?.();
    this.#nextLookMs = lookMs;
    this.#stopLook = this.clock.after(inMs, () => this.#look());
  }

  #cancelLook(): void {
    this.#stopLook?.();
    this.#stopLook = undefined;
  }

  #look(): void {
    this.#stopLook = undefined;
    const nowMs = this.clock.now();
    const wentBack = nowMs < this.#seenWallMs;
    this.#seenWallMs = nowMs;
    try {
      if (wentBack) for (const sleeper of this.#queue.items()) sleeper.wallWentBack();
      for (const sleeper of this.#takeDue(nowMs)) sleeper.wake();
    } finally {
      this.#planLook();
    }
  }

  #takeDue(nowMs: number): WallSleeper[] {
    const due: WallSleeper[] = [];
    for (let first = this.#queue.first; first && first.atMs <= nowMs; first = this.#queue.first) {
      this.#queue.remove(first);
      due.push(first.item);
    }
    return due;
  }
}
