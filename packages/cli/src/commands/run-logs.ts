import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { DaemonComeback } from '../following/daemon-comeback.js';
import { outageNotes } from '../following/outage-notes.js';
import { Interruption } from '../interruption.js';
import { LogFeed } from '../logs/log-feed.js';
import { logsRequest, type LogsOptions } from './logs-options.js';
import { showDaemonLog } from './show-daemon-log.js';
import { showLines } from './show-lines.js';
import { showOneLog } from './show-one-log.js';

/** Ends quietly when the reader leaves, as after `| head`. */
export async function runLogs(names: readonly string[], given: LogsOptions): Promise<number> {
  const { source, pattern, options } = logsRequest(names, given);
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const comeback = options.follow ? new DaemonComeback(client, outageNotes(), interruption.signal) : undefined;
  if (source.kind === 'daemon') {
    await showDaemonLog({ client, comeback, options, pattern, interruption });
    return exitCodes.success;
  }
  const feeds = source.targets.map((target) => new LogFeed(client, target, options, comeback));
  const [feed] = feeds;
  if (feeds.length > 1 || pattern) return await showLines({ feeds, options, pattern, interruption });
  if (feed) await showOneLog(feed, options, interruption);
  return exitCodes.success;
}
