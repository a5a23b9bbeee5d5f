import type { runtime } from '@aurae/proto';
import { cronStartTimes } from './cron-start-times.js';

/** The moments at which a timer is due, Unix milliseconds. */
export interface StartTimes {
  /** The first one strictly after that moment; undefined when there is none before the year 3000. */
  next(afterMs: number): number | undefined;
}

/**
 * The moments of a timer that `checkTimer` has passed.
 *
 * @param anchorMs where the beat of an interval begins: its moments are `anchorMs + n × interval`, n from 1 up
 */
export function startTimes(timer: runtime.Timer, anchorMs: number): StartTimes {
  const { when } = timer;
  if (when?.$case === 'cron') return cronStartTimes(when.value);
  if (when?.$case === 'intervalMs') return intervalStartTimes(Number(when.value), anchorMs);
  return { next: () => undefined };
}

function intervalStartTimes(intervalMs: number, anchorMs: number): StartTimes {
  return {
    next: (afterMs) => anchorMs + Math.max(1, Math.floor((afterMs - anchorMs) / intervalMs) + 1) * intervalMs,
  };
}
