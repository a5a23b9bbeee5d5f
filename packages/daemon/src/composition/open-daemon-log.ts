import { LogRing } from '@aurae/observe-logs';
import { LogLevels } from '../logging/log-levels.js';
import { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/index.js';
import type { DaemonSettings } from './daemon-settings.js';

/** The daemon's own log: what is written comes into the ring, from which sinks and clients read. */
export interface DaemonLog {
  readonly ring: LogRing;
  readonly levels: LogLevels;
  readonly log: Logger;
}

export function openDaemonLog({ config, logLevel }: DaemonSettings, metrics: Metrics | undefined): DaemonLog {
  const ring = new LogRing({ maximumItems: config.log.backlog_lines, maximumBytes: config.log.backlog_bytes });
  const levels = new LogLevels(logLevel, config.log.levels);
  const log = Logger.create(levels, (line) => {
    ring.append(line);
    metrics?.log.count(line);
  });
  return { ring, levels, log };
}
