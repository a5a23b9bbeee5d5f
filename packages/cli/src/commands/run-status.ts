import { observe } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { formatStatus } from './format-status.js';

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

export async function runStatus(options: GlobalOptions): Promise<number> {
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const status = await client.observe.status({}, { signal: interruption.signal, timeoutMs });
  client.close();
  const text =
    options.output === 'json'
      ? JSON.stringify(observe.StatusResponse.toJSON(status))
      : formatStatus(status, paintFor(process.stdout), process.stdout.columns);
  await interruption.race(new OutputStream(process.stdout).write(`${text}\n`));
  return exitCodes.success;
}
