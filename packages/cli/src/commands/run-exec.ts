import { connect } from '@aurae/client';
import { runtime } from '@aurae/proto';
import { environmentOf } from '../environment-options.js';
import { UsageError } from '../failures.js';
import { connectOptions, type GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { quoteCommand } from '../shell-quote.js';
import { hasUnreadInput } from '../unread-input.js';
import { execOutcome } from './exec-outcome.js';

export interface ExecOptions extends GlobalOptions {
  readonly command?: string;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

const unreadInputNote =
  'note: standard input is not forwarded yet: the command saw none of it; "</dev/null" says that this is meant';

/** Returns the command's own exit code, or what stands for why it has none. */
export async function runExec(words: readonly string[], options: ExecOptions): Promise<number> {
  const asJson = options.output === 'json';
  const request = requestOf(words, options, !asJson);
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  const status = await client.runtime.exec(request, { signal: interruption.signal });
  // From here on the answer is complete: closing lets the process end while a slow reader takes the output.
  client.close();
  const outcome = execOutcome(status, options);
  const stdout = new OutputStream(process.stdout);
  if (asJson) {
    await interruption.race(stdout.write(`${JSON.stringify(jsonOf(status))}\n`));
    return outcome.exitCode;
  }
  const stderr = new OutputStream(process.stderr);
  await interruption.race(stdout.write(bytesOf(status.stdoutBytes, status.stdout)));
  await interruption.race(stderr.write(bytesOf(status.stderrBytes, status.stderr)));
  const notes = [...outcome.notes, ...((await hasUnreadInput()) ? [unreadInputNote] : [])];
  for (const note of notes) await interruption.race(stderr.write(`aurae: ${note}\n`));
  return outcome.exitCode;
}

function requestOf(words: readonly string[], options: ExecOptions, binaryOutput: boolean) {
  const { command, env = [], cwd = '', user = '', timeout = 0 } = options;
  const rest = { env: environmentOf(env, process.env), cwd, user, timeoutMs: timeout, binaryOutput };
  if (command !== undefined) {
    if (words.length > 0) throw new UsageError('give either --command STRING or a program with arguments, not both');
    if (command.trim() === '') throw new UsageError('option --command is empty: give a shell command');
    return { command, ...rest };
  }
  if (words.length === 0) throw new UsageError('no command was given: try "aurae exec -- uname -a"');
  return { argv: [...words], command: quoteCommand(words), ...rest };
}

/** A daemon that does not know `binary_output` answers with text. */
function bytesOf(bytes: Uint8Array, text: string): Uint8Array | string {
  return bytes.length > 0 ? bytes : text;
}

/** The whole answer; what a program is sure to look at is there even when it is empty. */
function jsonOf(status: runtime.ExecutableStatus): object {
  const { stdout, stderr, exitCode } = status;
  return { ...(runtime.ExecutableStatus.toJSON(status) as object), stdout, stderr, exitCode };
}
