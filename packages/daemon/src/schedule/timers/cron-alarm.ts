import type { runtime } from '@aurae/proto';
import type { AlarmClock, WallSleeper } from './alarm-clock.js';
import { correctedLastDue, dueStarts } from './due-starts.js';
import { type StartTimes, startTimes } from './start-times.js';
import type { TimerAlarm, TimerDue, TimerPast } from './timer-alarm.js';

/** Follows the wall clock, wherever it goes. */
export class CronAlarm implements TimerAlarm, WallSleeper {
  readonly #alarmClock: AlarmClock;
  readonly #times: StartTimes;
  readonly #missed: runtime.MissedRuns;
  readonly #onDue: (due: TimerDue) => void;
  #lastDueMs: number;
  #nextMs: number | undefined;
  #stopWaiting: (() => void) | undefined;
  #disposed = false;

  constructor(alarmClock: AlarmClock, timer: runtime.Timer, past: TimerPast, onDue: (due: TimerDue) => void) {
    this.#alarmClock = alarmClock;
    this.#times = startTimes(timer, past.enabledAtMs);
    this.#missed = timer.missed;
    this.#onDue = onDue;
    this.#lastDueMs = past.lastDueMs ?? past.enabledAtMs;
    // What came due before, or was told by a wrong clock, is dealt with soon.
    this.#waitFor(this.#isFromWrongClock() ? alarmClock.clock.now() : this.#times.next(this.#lastDueMs));
  }

  get nextDueMs(): number | undefined {
    return this.#nextMs;
  }

  wake(): void {
    if (this.#disposed) return;
    const before = this.#lastDueMs;
    const nowMs = this.#alarmClock.clock.now();
    const answer = dueStarts({ times: this.#times, lastDueMs: before, nowMs, missed: this.#missed });
    this.#lastDueMs = answer.lastDueMs;
    this.#waitFor(answer.nextMs);
    if (answer.lastDueMs !== before) this.#onDue(answer);
  }

  wallWentBack(): void {
    if (this.#isFromWrongClock()) this.wake();
  }

  dispose(): void {
    this.#disposed = true;
    this.#stopWaiting?.();
  }

  #isFromWrongClock(): boolean {
    return correctedLastDue(this.#lastDueMs, this.#alarmClock.clock.now()) !== this.#lastDueMs;
  }

  #waitFor(nextMs: number | undefined): void {
    this.#stopWaiting?.();
    this.#nextMs = nextMs;
    this.#stopWaiting = this.#alarmClock.wakeAt(nextMs ?? Number.POSITIVE_INFINITY, this);
  }
}
