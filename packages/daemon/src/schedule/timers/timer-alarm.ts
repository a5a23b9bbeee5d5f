import type { runtime } from '@aurae/proto';
import type { AlarmClock } from './alarm-clock.js';
import { CronAlarm } from './cron-alarm.js';
import { IntervalAlarm } from './interval-alarm.js';

/** What is known of a timer from before. Unix milliseconds. */
export interface TimerPast {
  readonly enabledAtMs: number;
  /** `TimerDue.lastDueMs` of the last time that it was due; absent where it never was. */
  readonly lastDueMs?: number;
}

/** A timer was due; or the wall clock has gone back so far that its past is another, without a start and a missed one. */
export interface TimerDue {
  /** false: what came due is over, and left out. */
  readonly start: boolean;
  /** How many moments came due without a start of their own; 100 means that or more. */
  readonly missedCount: number;
  /** The moment up to which all is dealt with, Unix milliseconds. Keep it for the next `TimerPast`. */
  readonly lastDueMs: number;
}

/** Waits for the moments of a timer, one after the other, until it is disposed of. */
export interface TimerAlarm {
  /** When it is due next, Unix milliseconds; undefined for never. */
  readonly nextDueMs: number | undefined;
  dispose(): void;
}

/**
 * An alarm for a timer that `checkTimer` has passed. What came due since `past` is told of first, soon.
 *
 * @param onDue never called before this function has returned, and not after `dispose`. It must not throw.
 */
export function timerAlarm(
  alarmClock: AlarmClock,
  timer: runtime.Timer,
  past: TimerPast,
  onDue: (due: TimerDue) => void,
): TimerAlarm {
  return timer.when?.$case === 'intervalMs'
    ? new IntervalAlarm(alarmClock.clock, timer, past, onDue)
    : new CronAlarm(alarmClock, timer, past, onDue);
}
