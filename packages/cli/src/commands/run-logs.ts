import { connect } from '@aurae/client';
import { observe } from '@aurae/proto';
import { exitCodes } from '../exit-codes.js';
import { connectOptions, type GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { formatLogItem } from './format-log-item.js';

export interface LogsOptions extends GlobalOptions {
  readonly daemon?: boolean;
  readonly follow?: boolean;
  readonly tail?: number;
}

/** Ends quietly when the reader leaves, as after `| head`. */
export async function runLogs({ follow = false, tail = 0, ...options }: LogsOptions): Promise<number> {
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  const stdout = new OutputStream(process.stdout);
  const paint = paintFor(process.stdout);
  const format =
    options.output === 'json'
      ? (item: observe.LogItem) => JSON.stringify(observe.LogItem.toJSON(item))
      : (item: observe.LogItem) => formatLogItem(item, paint);
  const { signal } = interruption;
  for await (const item of client.observe.getAuraeDaemonLogStream({ backlogOnly: !follow, tail }, { signal })) {
    if (!(await interruption.race(stdout.write(`${format(item)}\n`)))) break;
  }
  return exitCodes.success;
}
