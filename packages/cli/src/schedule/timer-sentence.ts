import type { runtime } from '@aurae/proto';
import { exactDuration } from '../values/duration.js';
import { localZone, zonedTime } from '../values/zoned-time.js';

/**
 * When a timer starts its workload next, here and in its own zone:
 * `next start 2026-11-23 08:30 UTC, 03:30 in America/New_York (30 3 * * *)`
 *
 * @param nextStartAtMs Unix milliseconds; 0 where no start is planned
 */
export function timerSentence({ when }: runtime.Timer, nextStartAtMs: number): string {
  const beat =
    when?.$case === 'intervalMs' ? `every ${exactDuration(Number(when.value))}` : (when?.value.expression ?? '');
  const zone = when?.$case === 'cron' ? when.value.timeZone : '';
  const here = localZone();
  const local = zonedTime(nextStartAtMs, here);
  const own = zone === '' || zone === here ? undefined : zonedTime(nextStartAtMs, zone);
  if (nextStartAtMs === 0 || !local) return zone === '' ? beat : `${beat} in ${zone}`;
  const times = [
    `${local.date} ${local.clock} ${here}`,
    ...(own ? [`${own.date === local.date ? '' : `${own.date} `}${own.clock} in ${zone}`] : []),
  ];
  return `next start ${times.join(', ')} (${beat})`;
}
