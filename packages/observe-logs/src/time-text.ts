const largestDateMs = 8_640_000_000_000_000n;

/** Unix milliseconds as RFC 3339 in UTC, with milliseconds; the plain number when no date can hold it. */
export function timeText(timestampMs: bigint): string {
  const isDate = timestampMs <= largestDateMs && timestampMs >= -largestDateMs;
  return isDate ? new Date(Number(timestampMs)).toISOString() : timestampMs.toString();
}
