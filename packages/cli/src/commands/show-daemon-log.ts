import type { AuraeClient } from '@aurae/client';
import { observe } from '@aurae/proto';
import type { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { formatLogItem } from './format-log-item.js';
import type { LogsOptions } from './logs-options.js';

export async function showDaemonLog(
  client: AuraeClient,
  { follow = false, tail = 0, output }: LogsOptions,
  interruption: Interruption,
): Promise<void> {
  const stdout = new OutputStream(process.stdout);
  const paint = paintFor(process.stdout);
  const format =
    output === 'json'
      ? (item: observe.LogItem) => JSON.stringify(observe.LogItem.toJSON(item))
      : (item: observe.LogItem) => formatLogItem(item, paint);
  const { signal } = interruption;
  for await (const item of client.observe.getAuraeDaemonLogStream({ backlogOnly: !follow, tail }, { signal })) {
    if (!(await interruption.race(stdout.write(`${format(item)}\n`)))) break;
  }
}
