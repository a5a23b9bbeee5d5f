import type { Counter } from 'prom-client';
import type { LogLevel } from '../logging/logger.js';
import type { MetricRegistry } from './metric-registry.js';

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Counts the lines of the daemon's own log. */
export class DaemonLogMetrics {
  private readonly lines: Counter<'level'>;

  constructor(registry: MetricRegistry) {
    this.lines = registry.counter('aurae_daemon_log_lines_total', 'Lines of the own log of the daemon', ['level']);
    for (const level of levels) this.lines.inc({ level }, 0);
  }

  readonly count = ({ level }: { readonly level: LogLevel }): void => {
    this.lines.inc({ level });
  };
}
