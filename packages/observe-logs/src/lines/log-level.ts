/** Every level of the daemon's log, from the least to the most important. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof logLevels)[number];

/** Whether a line belongs into a log of this minimum level. Lines without a known level always do. */
export function isAtLeast(level: string, minimum: LogLevel): boolean {
  const rank = (logLevels as readonly string[]).indexOf(level);
  return rank === -1 || rank >= logLevels.indexOf(minimum);
}
