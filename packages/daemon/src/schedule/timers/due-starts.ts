import { runtime } from '@aurae/proto';
import type { StartTimes } from './start-times.js';

/** A start that is late by no more than this still counts as one in time: a busy machine, or one that slept for a moment. */
export const defaultLatenessMs = 60_000;
/** The wall clock going back by less than this repeats no start; by more, it was wrong before. As in cron(8). */
export const clockCorrectionMs = 3 * 3_600_000;
/** So many missed starts are counted. */
export const mostMissedCounted = 100;

export interface DueQuestion {
  readonly times: StartTimes;
  /** The last due moment that was dealt with, or the moment of enabling. */
  readonly lastDueMs: number;
  readonly nowMs: number;
  readonly missed: runtime.MissedRuns;
  /** Default: 60 s. */
  readonly latenessMs?: number;
}

export interface DueAnswer {
  readonly start: boolean;
  /** How many moments came due without a start of their own; 100 means that or more. */
  readonly missedCount: number;
  /** What to ask with the next time. */
  readonly lastDueMs: number;
  /** When it is due next; undefined for never. */
  readonly nextMs: number | undefined;
}

/** What a timer asks for at this moment. Of all moments that have come due since the last time, at most one start is made. */
export function dueStarts(question: DueQuestion): DueAnswer {
  const { times, nowMs, missed, latenessMs = defaultLatenessMs } = question;
  const lastDueMs = correctedLastDue(question.lastDueMs, nowMs);
  const firstMs = dueBy(times, lastDueMs, nowMs);
  if (firstMs === undefined) return { start: false, missedCount: 0, lastDueMs, nextMs: times.next(lastDueMs) };
  const latestMs = latestDue(times, firstMs, nowMs);
  const inTime = nowMs - latestMs <= latenessMs;
  return {
    start: inTime || missed === runtime.MissedRuns.MISSED_RUNS_RUN_ONCE,
    missedCount: countDue(times, firstMs, inTime ? latestMs - 1 : latestMs),
    lastDueMs: latestMs,
    nextMs: times.next(latestMs),
  };
}

/** After a large jump back, the starts that were made lie in a future that was never there. */
export function correctedLastDue(lastDueMs: number, nowMs: number): number {
  return lastDueMs - nowMs >= clockCorrectionMs ? nowMs : lastDueMs;
}

/** The latest due moment from that one on and up to `toMs`; the search grows with the logarithm of the time between. */
function latestDue(times: StartTimes, dueMs: number, toMs: number): number {
  if (dueBy(times, dueMs, toMs) === undefined) return dueMs;
  let latestMs = dueMs;
  let noneAfterMs = toMs;
  while (latestMs < noneAfterMs) {
    const middleMs = Math.floor((latestMs + noneAfterMs) / 2);
    const laterMs = dueBy(times, middleMs, toMs);
    if (laterMs === undefined) noneAfterMs = middleMs;
    else latestMs = laterMs;
  }
  return latestMs;
}

/** How many are due from that one on and up to `toMs`. */
function countDue(times: StartTimes, dueMs: number, toMs: number): number {
  let count = 0;
  let atMs: number | undefined = dueMs;
  while (atMs !== undefined && atMs <= toMs && count < mostMissedCounted) {
    count += 1;
    atMs = dueBy(times, atMs, toMs);
  }
  return count;
}

/** The first due moment after `afterMs`, unless it lies after `untilMs`. */
function dueBy(times: StartTimes, afterMs: number, untilMs: number): number | undefined {
  if (afterMs >= untilMs) return undefined;
  const dueMs = times.next(afterMs);
  return dueMs === undefined || dueMs > untilMs ? undefined : dueMs;
}
