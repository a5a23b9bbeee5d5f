import type { runtime } from '@aurae/proto';
import { exactDuration } from '../values/duration.js';
import { withoutDefaults } from './short-form.js';
import { isText, type Table } from './table.js';

/** The numbers of the enum are on the wire. */
const missedRuns = { skip: 0, once: 1 } as const satisfies Record<string, runtime.MissedRuns>;
const missedNames = Object.keys(missedRuns) as (keyof typeof missedRuns)[];

/** `timer = { cron = "0 3 * * *", time_zone = "Europe/Berlin", missed = "once" }` or `timer = { every = "5m" }` */
export function readTimer(table: Table): runtime.Timer | undefined {
  const timer = table.table('timer', 'a table with cron or every');
  if (!timer) return undefined;
  const when = readWhen(timer);
  const missed = missedRuns[timer.choice('missed', missedNames) ?? 'skip'];
  timer.end();
  return { when, missed };
}

function readWhen(timer: Table): runtime.Timer['when'] {
  const expression = timer.text('cron');
  const timeZone = timer.text('time_zone');
  const everyMs = timer.duration('every', Number.MAX_SAFE_INTEGER);
  const [hasCron, hasEvery] = [timer.has('cron'), timer.has('every')];
  if (hasCron && hasEvery) timer.report('timer has both cron and every: give one of them, not both', 'every');
  const isEmpty = (!hasCron || timer.peek('cron') === '') && (!hasEvery || isNothing(timer.peek('every')));
  if (isEmpty) timer.reportLack('timer needs either cron or every');
  if (hasCron) return { $case: 'cron', value: { expression, timeZone } };
  if (timeZone !== '') timer.report(`${timer.nameOf('time_zone')} goes with cron, and not with every`, 'time_zone');
  return { $case: 'intervalMs', value: BigInt(everyMs) };
}

function isNothing(every: unknown): boolean {
  return isText(every) && /^0+[a-z]+$/.test(every);
}

export function writeTimer(timer: runtime.Timer | undefined): object | undefined {
  if (!timer?.when) return undefined;
  const { when, missed } = timer;
  const beat =
    when.$case === 'cron'
      ? { cron: when.value.expression, time_zone: when.value.timeZone }
      : { every: exactDuration(Number(when.value)) };
  return withoutDefaults({ ...beat, missed: missed === missedRuns.once ? 'once' : undefined });
}
