import { formatDuration } from '../values/duration.js';
import { shownTime } from '../values/shown-time.js';

const isoForm = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z/g;

/** The points in time of a message in the time of this place, and how far away they are. */
export function localTimes(text: string, nowMs: number): string {
  return text.replace(isoForm, (iso) => {
    const ms = Date.parse(iso);
    if (Number.isNaN(ms)) return iso;
    const span = formatDuration(Math.abs(ms - nowMs));
    return `${shownTime(ms)} (${ms >= nowMs ? `in ${span}` : `${span} ago`})`;
  });
}
