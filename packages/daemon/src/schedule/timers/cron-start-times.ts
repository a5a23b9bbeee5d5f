import type { runtime } from '@aurae/proto';
import type { Cron } from 'croner';
import { cronLibrary } from './cron-library.js';
import type { StartTimes } from './start-times.js';

/**
 * The moments of a cron expression, in its time zone, else in the daemon's own.
 *
 * When clocks go forward and when they go back it is as in cron(8). An expression that names its hours (`30 2 * * *`) is
 * due once for each time that it names: where that time is left out, at the first moment after the gap; where it comes
 * twice, at the first. One with a wildcard or a step (every quarter of an hour) keeps its beat: it is due at each time that
 * there is, also at those that come twice.
 */
export function cronStartTimes(timer: runtime.CronTimer): StartTimes {
  return { next: rememberingLast((afterMs) => parsedCron(timer).nextRun(new Date(afterMs))?.getTime()) };
}

/** Each takes about 90 KB, more than all else of a timer: so only those in use are kept. */
const mostKept = 32;
const kept = new Map<string, Cron>();

function parsedCron({ expression, timeZone }: runtime.CronTimer): Cron {
  const key = `${timeZone} ${expression}`;
  const parsed = kept.get(key) ?? parseCron(expression, timeZone);
  kept.delete(key);
  kept.set(key, parsed);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return parsed;
}

function parseCron(expression: string, timeZone: string): Cron {
  return new (cronLibrary().Cron)(expression, {
    mode: '5-or-6-parts',
    fixedTimeRule: 'no-wildcard',
    // Nothing is run by the library, so that it sets no timer.
    paused: true,
    ...(timeZone === '' ? {} : { timezone: timeZone }),
  });
}

type Next = StartTimes['next'];

/** An answer takes some 40 µs, and the same one is asked for several times. */
function rememberingLast(find: Next): Next {
  let askedMs = Number.POSITIVE_INFINITY;
  let foundMs: number | undefined;
  return (afterMs) => {
    if (foundMs !== undefined && askedMs <= afterMs && afterMs < foundMs) return foundMs;
    askedMs = afterMs;
    foundMs = find(afterMs);
    return foundMs;
  };
}
