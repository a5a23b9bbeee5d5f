import { connect } from '@aurae/client';
import { schedule } from '@aurae/proto';
import { exitCodes } from '../exit-codes.js';
import { connectOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { referenceOf } from '../schedule/workload-key.js';
import { formatHistory } from './format-history.js';
import type { KindOptions } from './kind-options.js';

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

export async function runWhy(name: string, options: KindOptions): Promise<number> {
  const key = { kind: options.kind ?? 'executable', name };
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  const request = { workload: referenceOf(key) };
  const history = await client.schedule.showHistory(request, { signal: interruption.signal, timeoutMs });
  client.close();
  const view = { paint: paintFor(process.stdout), width: process.stdout.columns || undefined, nowMs: Date.now() };
  const text =
    options.output === 'json'
      ? JSON.stringify({ entries: [], ...(schedule.ShowHistoryResponse.toJSON(history) as object) })
      : formatHistory(key, history, view);
  await interruption.race(new OutputStream(process.stdout).write(`${text}\n`));
  return exitCodes.success;
}
