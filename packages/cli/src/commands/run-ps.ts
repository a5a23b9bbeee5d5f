import { runtime } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import { formatExecutables, nameOf } from './format-executables.js';

export interface PsOptions extends GlobalOptions {
  readonly all?: boolean;
  readonly quiet?: boolean;
}

/** A daemon that does not answer in this time is as good as gone. */
const timeoutMs = 10_000;

export async function runPs({ all = false, quiet = false, ...options }: PsOptions): Promise<number> {
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const answer = await client.runtime.executableList({ all }, { signal: interruption.signal, timeoutMs });
  client.close();
  const { executables } = answer;
  if (options.output === 'json') {
    await show(JSON.stringify({ executables: [], ...(runtime.ExecutableListResponse.toJSON(answer) as object) }));
  } else if (quiet) {
    if (executables.length > 0) await show(executables.map(nameOf).join('\n'));
  } else if (executables.length > 0) {
    const { columns } = process.stdout;
    const view = { paint: paintFor(process.stdout), width: columns || undefined, nowMs: Date.now() };
    await show(formatExecutables(executables, view));
  } else {
    await interruption.race(new OutputStream(process.stderr).write(`${nothingNote(all)}\n`));
  }
  return exitCodes.success;

  async function show(text: string): Promise<void> {
    await interruption.race(new OutputStream(process.stdout).write(`${text}\n`));
  }
}

function nothingNote(all: boolean): string {
  const start = '"aurae start --name web -- CMD" starts an executable';
  return all ? `Nothing runs or ran: ${start}.` : `Nothing runs: ${start}, "aurae ps -a" shows those that have ended.`;
}
