/** Name of the time zone of this place: `Europe/Berlin`. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** A moment as the clock on the wall of a time zone shows it; undefined for a zone that is not known here. */
export function zonedTime(ms: number, timeZone: string): ZonedTime | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', ...fields });
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const [year, month, day] = dateParts.map((part) => parts.get(part));
    const [hour, minute, second] = clockParts.map((part) => parts.get(part));
    return { date: `${year}-${month}-${day}`, clock: `${hour}:${minute}${second === '00' ? '' : `:${second}`}` };
  } catch {
    return undefined;
  }
}

export interface ZonedTime {
  /** `2026-01-31` */
  readonly date: string;
  /** `12:00`, or `12:00:30` */
  readonly clock: string;
}

const dateParts = ['year', 'month', 'day'] as const;
const clockParts = ['hour', 'minute', 'second'] as const;
const fields = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
} as const;
