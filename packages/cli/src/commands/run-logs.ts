import { type AuraeClient, connect } from '@aurae/client';
import { exitCodes } from '../exit-codes.js';
import { connectOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { type LogSource, logSource, type LogsOptions } from './logs-options.js';
import { showDaemonLog } from './show-daemon-log.js';
import { showProcessLog } from './show-process-log.js';
import { showWorkloadLog } from './show-workload-log.js';

/** Ends quietly when the reader leaves, as after `| head`. */
export async function runLogs(name: string | undefined, options: LogsOptions): Promise<number> {
  const source = logSource(name, options);
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  await show(client, source, options, interruption);
  return exitCodes.success;
}

async function show(
  client: AuraeClient,
  source: LogSource,
  options: LogsOptions,
  interruption: Interruption,
): Promise<void> {
  switch (source.kind) {
    case 'daemon':
      return await showDaemonLog(client, options, interruption);
    case 'process':
      return await showProcessLog(client, source.pid, options, interruption);
    case 'workload':
      return await showWorkloadLog(client, source.name, options, interruption);
  }
}
