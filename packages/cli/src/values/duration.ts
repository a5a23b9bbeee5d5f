const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like, for messages. */
export const durationForms = '500ms, 5s, 2m, 1h or 7d; a bare number is seconds';

/** Milliseconds of a duration such as `500ms`, `1.5s`, `2m`, `1h`, `7d` or, in seconds, `5`. Undefined when it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  return amount === undefined ? undefined : Math.round(Number(amount) * (unitsMs[unit] as number));
}

/** The shortest text that `parseDurationMs` reads as exactly so many milliseconds: `90s`. */
export function exactDuration(ms: number): string {
  const [unit, size] = Object.entries(unitsMs).findLast(([, unitMs]) => ms % unitMs === 0) ?? ['ms', 1];
  return ms === 0 ? '0s' : `${ms / size}${unit}`;
}

/** A span of time for a person, in its two largest units: `3h 12m`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
