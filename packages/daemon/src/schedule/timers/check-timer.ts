import { type FieldViolation, InvalidSpecError, runtime } from '@aurae/proto';
import { cronFault } from './cron-fault.js';

const shortestIntervalMs = 1000n;
const longestIntervalDays = 366n;
const longestIntervalMs = longestIntervalDays * 86_400_000n;

/** Throws `InvalidSpecError` for a timer that cannot be right, with everything that is wrong with it. */
export function checkTimer(timer: runtime.Timer): void {
  const violations = [...whenFaults(timer), ...missedFaults(timer.missed)];
  if (violations.length === 0) return;
  const descriptions = violations.map(({ description }) => description);
  throw new InvalidSpecError(`Cannot keep the timer: ${descriptions.join('; ')}`, violations);
}

function whenFaults({ when }: runtime.Timer): FieldViolation[] {
  switch (when?.$case) {
    case 'cron':
      return [...expressionFaults(when.value), ...timeZoneFaults(when.value)];
    case 'intervalMs':
      return intervalFaults(when.value);
    default:
      return [fault('', 'a timer needs a cron expression or an interval; without a timer the start is at boot')];
  }
}

function expressionFaults({ expression }: runtime.CronTimer): FieldViolation[] {
  const description = cronFault(expression);
  return description === undefined ? [] : [fault('.cron.expression', description)];
}

function timeZoneFaults({ timeZone }: runtime.CronTimer): FieldViolation[] {
  if (timeZone === '' || isTimeZone(timeZone)) return [];
  const shown = JSON.stringify(timeZone.slice(0, 100));
  return [
    fault(
      '.cron.time_zone',
      `there is no time zone ${shown}; use a name of the IANA database, as in "Europe/Berlin", or none for that of the daemon`,
    ),
  ];
}

const mostKnownTimeZones = 1000;
/** Those that were asked for: there are some 600 in the world, and to look one up takes long. */
const knownTimeZones = new Set<string>();

function isTimeZone(name: string): boolean {
  if (knownTimeZones.has(name)) return true;
  // Newer versions of Node also know offsets ("+02:00"), which are no names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    if (knownTimeZones.size < mostKnownTimeZones) knownTimeZones.add(name);
    return true;
  } catch {
    return false;
  }
}

function intervalFaults(intervalMs: bigint): FieldViolation[] {
  if (intervalMs >= shortestIntervalMs && intervalMs <= longestIntervalMs) return [];
  return [
    fault(
      '.interval_ms',
      `the interval is ${intervalMs} ms; ${shortestIntervalMs} ms (one second) to ${longestIntervalMs} ms (${longestIntervalDays} days) are allowed`,
    ),
  ];
}

function missedFaults(missed: runtime.MissedRuns): FieldViolation[] {
  const { MISSED_RUNS_SKIP, MISSED_RUNS_RUN_ONCE } = runtime.MissedRuns;
  if (missed === MISSED_RUNS_SKIP || missed === MISSED_RUNS_RUN_ONCE) return [];
  return [
    fault(
      '.missed',
      `there is no way ${missed} to deal with missed runs; use MISSED_RUNS_SKIP (0) or MISSED_RUNS_RUN_ONCE (1)`,
    ),
  ];
}

function fault(field: string, description: string): FieldViolation {
  return { field: `criteria.timer${field}`, description };
}
