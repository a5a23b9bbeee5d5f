import type { Interruption } from '../interruption.js';
import type { LogFeed } from '../logs/log-feed.js';
import { RawLogWriter } from '../logs/raw-log-writer.js';
import type { LogsOptions } from './logs-options.js';

/** One log as it was written. */
export async function showOneLog(feed: LogFeed, options: LogsOptions, interruption: Interruption): Promise<void> {
  const writer = new RawLogWriter(options);
  for await (const items of feed.whole(options.tail ?? 0, interruption.signal)) {
    if (!(await interruption.race(writer.write(items, feed.workload)))) break;
  }
}
