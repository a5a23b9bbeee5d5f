const largestDateMs = 8_640_000_000_000_000n;

/** Lines often come many to a millisecond: the text of the newest is kept. */
let newest = { timestampMs: 0n, text: new Date(0).toISOString() };

/** Unix milliseconds as RFC 3339 in UTC, with milliseconds; the plain number when no date can hold it. */
export function timeText(timestampMs: bigint): string {
  if (timestampMs !== newest.timestampMs) newest = { timestampMs, text: textOf(timestampMs) };
  return newest.text;
}

function textOf(timestampMs: bigint): string {
  const isDate = timestampMs <= largestDateMs && timestampMs >= -largestDateMs;
  return isDate ? new Date(Number(timestampMs)).toISOString() : timestampMs.toString();
}
