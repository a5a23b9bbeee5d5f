/** For a person: `80 ms`, `3 s`, `1.5 s`, `10 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  if (milliseconds < 60_000) return `${shortNumber(milliseconds / 1000)} s`;
  return `${shortNumber(milliseconds / 60_000)} min`;
}

function shortNumber(value: number): string {
  return String(Math.round(value * 10) / 10);
}
