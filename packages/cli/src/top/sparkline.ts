const bars = '▁▂▃▄▅▆▇█';

/**
 * The newest values as bars, the newest on the right: exactly `width` characters.
 *
 * @param least what a full bar stands for at least: what is near nothing shall look so
 */
export function sparkline(values: readonly number[], width: number, least: number): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const full = shown.reduce((most, value) => Math.max(most, value), least);
  const text = shown.map((value) => bars[Math.min(bars.length - 1, Math.floor((value / full) * bars.length))]);
  return text.join('').padStart(width);
}
