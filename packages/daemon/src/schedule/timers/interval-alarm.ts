import type { runtime } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import { dueStarts } from './due-starts.js';
import { type StartTimes, startTimes } from './start-times.js';
import type { TimerAlarm, TimerDue, TimerPast } from './timer-alarm.js';

/**
 * Keeps its beat by the monotonic clock, so that jumps of the wall clock do not touch it. Only where it begins it has to
 * believe the wall, which is all that tells how long the daemon was away. Its moments are then those of a wall clock that
 * never jumps, from where the real one stood at the beginning. The monotonic clock stands still while the machine sleeps,
 * and the beat with it.
 */
export class IntervalAlarm implements TimerAlarm {
  readonly #clock: ScheduleClock;
  readonly #times: StartTimes;
  readonly #missed: runtime.MissedRuns;
  readonly #onDue: (due: TimerDue) => void;
  /** From the monotonic clock to the clock that never jumps. */
  readonly #offsetMs: number;
  #lastDueMs: number;
  #nextMs: number | undefined;
  #stopWaiting: () => void = () => undefined;

  constructor(clock: ScheduleClock, timer: runtime.Timer, past: TimerPast, onDue: (due: TimerDue) => void) {
    this.#clock = clock;
    this.#missed = timer.missed;
    this.#onDue = onDue;
    const nowMs = clock.now();
    this.#offsetMs = nowMs - clock.monotonic();
    // A moment in the future was told by a wrong clock. No start is further away than the interval.
    this.#lastDueMs = Math.min(past.lastDueMs ?? past.enabledAtMs, nowMs);
    this.#times = startTimes(timer, this.#lastDueMs);
    this.#waitFor(this.#times.next(this.#lastDueMs));
  }

  /** As the wall clock will show it, unless that jumps. */
  get nextDueMs(): number | undefined {
    return this.#nextMs === undefined ? undefined : this.#toWall(this.#nextMs);
  }

  dispose(): void {
    this.#stopWaiting();
  }

  #wake(): void {
    const before = this.#lastDueMs;
    const nowMs = this.#steadyNow();
    const answer = dueStarts({ times: this.#times, lastDueMs: before, nowMs, missed: this.#missed });
    this.#lastDueMs = answer.lastDueMs;
    this.#waitFor(answer.nextMs);
    if (answer.lastDueMs !== before) this.#onDue({ ...answer, lastDueMs: this.#toWall(answer.lastDueMs) });
  }

  #waitFor(nextMs: number | undefined): void {
    this.#nextMs = nextMs;
    if (nextMs === undefined) return;
    // The clock that never jumps is read in whole milliseconds, so that a fraction more is enough.
    this.#stopWaiting = this.#clock.after(Math.ceil(nextMs - this.#offsetMs - this.#clock.monotonic()), () =>
      this.#wake(),
    );
  }

  #steadyNow(): number {
    return Math.floor(this.#clock.monotonic() + this.#offsetMs);
  }

  #toWall(steadyMs: number): number {
    return steadyMs + this.#clock.now() - this.#steadyNow();
  }
}
