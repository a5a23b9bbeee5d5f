import { parseDurationMs } from './duration.js';

/** What a point in time looks like, for messages. */
export const pointInTimeForms =
  '10m or 2h (so long ago), 2026-01-31, and 2026-01-31T12:00:00Z; without a zone it is local';

const isoForm = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Unix milliseconds, above 0, of `10m` ago or of a date of ISO 8601. Undefined when it is none. */
export function parsePointInTime(text: string, nowMs: number): number | undefined {
  const ago = parseDurationMs(text);
  const ms = ago === undefined ? parseDate(text) : nowMs - ago;
  return ms >= 1 && Number.isSafeInteger(ms) ? ms : undefined;
}

/** A date alone is that day's beginning here, and not in UTC as Date has it. */
function parseDate(text: string): number {
  if (!isoForm.test(text)) return Number.NaN;
  return Date.parse(text.length === 'YYYY-MM-DD'.length ? `${text}T00:00` : text.replace(' ', 'T'));
}
