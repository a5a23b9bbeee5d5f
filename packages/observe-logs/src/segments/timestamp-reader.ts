const zero = 48;
/** So far below nought that no sum with valid digits is positive. */
const invalid = -100_000_000;

/**
 * Reads RFC 3339 timestamps from bytes, at the cost of a few additions: the calendar is asked only when the date
 * changes.
 */
export class TimestampReader {
  /** Unix milliseconds of the timestamp that was read last; what is finer is cut off. */
  milliseconds = 0;
  private date = invalid;
  private dateMs = Number.NaN;

  /** Returns where the timestamp that begins at `start` ends, or -1 when there is none. */
  read(bytes: Buffer, start: number, end: number): number {
    if (end - start < 20) return -1;
    if (bytes[start + 4] !== 45 || bytes[start + 7] !== 45 || bytes[start + 10] !== 84) return -1;
    if (bytes[start + 13] !== 58 || bytes[start + 16] !== 58) return -1;
    const year = twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2);
    const dateMs = this.startOf(year * 10_000 + twoDigits(bytes, start + 5) * 100 + twoDigits(bytes, start + 8));
    const timeMs = timeOfDay(
      twoDigits(bytes, start + 11),
      twoDigits(bytes, start + 14),
      // 60 is a leap second: the first of the next minute.
      twoDigits(bytes, start + 17),
    );
    if (Number.isNaN(dateMs) || timeMs < 0) return -1;
    return this.readRest(bytes, start + 19, end, dateMs + timeMs);
  }

  /** The fraction, of any length from none up, and the offset from UTC. */
  private readRest(bytes: Buffer, start: number, end: number, wholeMs: number): number {
    let at = start;
    let milliseconds = wholeMs;
    if (bytes[at] === 46) {
      at = endOfDigits(bytes, start + 1, end);
      if (at === start + 1) return -1;
      milliseconds += fractionMs(bytes, start + 1, at);
    }
    if (at < end && bytes[at] === 90) {
      this.milliseconds = milliseconds;
      return at + 1;
    }
    const sign = bytes[at] === 43 ? 1 : bytes[at] === 45 ? -1 : 0;
    if (sign === 0 || at + 6 > end || bytes[at + 3] !== 58) return -1;
    const offsetMs = timeOfDay(twoDigits(bytes, at + 1), twoDigits(bytes, at + 4), 0);
    if (offsetMs < 0) return -1;
    this.milliseconds = milliseconds - sign * offsetMs;
    return at + 6;
  }

  /** Unix milliseconds of midnight of a date like 20241231; NaN when the calendar has no such day. */
  private startOf(date: number): number {
    if (date === this.date) return this.dateMs;
    this.date = date;
    this.dateMs = midnight(Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100);
    return this.dateMs;
  }
}

function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - zero;
  const units = (bytes[at + 1] ?? 0) - zero;
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? tens * 10 + units : invalid;
}

function endOfDigits(bytes: Buffer, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < zero || byte > zero + 9) break;
  }
  return at;
}

/** The first three of these digits; those that there are not are noughts. */
function fractionMs(bytes: Buffer, start: number, end: number): number {
  let milliseconds = ((bytes[start] ?? 0) - zero) * 100;
  if (start + 1 < end) milliseconds += ((bytes[start + 1] ?? 0) - zero) * 10;
  if (start + 2 < end) milliseconds += (bytes[start + 2] ?? 0) - zero;
  return milliseconds;
}

function timeOfDay(hours: number, minutes: number, seconds: number): number {
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return -1;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function midnight(year: number, month: number, day: number): number {
  if (year < 0) return Number.NaN;
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for those of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : Number.NaN;
}
