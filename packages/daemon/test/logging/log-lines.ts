import { Logger, type LogLine } from '../../src/logging/logger.js';
import type { LogLevels } from '../../src/logging/log-levels.js';

/** A log that keeps its lines. */
export function keptLog(levels: LogLevels | 'debug' | 'info' = 'debug'): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  return { log: Logger.create(levels, (line) => void lines.push(line)), lines };
}
