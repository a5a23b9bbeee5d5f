import { connect } from '@aurae/client';
import { converse } from '../attach/conversation.js';
import { terminalSize } from '../attach/terminal-size.js';
import { execExitCodes } from '../exit-codes.js';
import { UsageError } from '../failures.js';
import { connectOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { type ExecOptions, execRequest } from './exec-request.js';
import { execOutcome } from './exec-outcome.js';
import { writeNotes } from './write-notes.js';

/** Runs a command that takes standard input, or has a terminal. Returns its exit code, or what stands for it. */
export async function runExecSession(words: readonly string[], options: ExecOptions): Promise<number> {
  const { tty = false } = options;
  const request = execRequest(words, options);
  if (options.output === 'json') throw new UsageError('with -i or -t the output is passed on: leave out --output json');
  if (tty && !process.stdin.isTTY) {
    throw new UsageError(
      'option --tty needs a terminal, but the input device is not a TTY: leave out -t, and give -i to pass on a file or a pipe',
    );
  }
  using interruption = Interruption.listen();
  await using client = connect(connectOptions(options));
  const { TERM } = process.env;
  const env = tty && TERM ? { TERM, ...request.env } : request.env;
  const open = {
    target: { $case: 'executable' as const, value: { ...request, env } },
    stdin: true,
    ...(tty ? { terminal: terminalSize() } : {}),
  };
  const plan = { open, takesInput: true, passesEndOfInput: true, isTerminal: tty };
  const end = await converse(client, plan, interruption);
  client.close();
  if (end.kind !== 'ended') return execExitCodes.brokenPipe;
  const outcome = execOutcome(end.status, options);
  await writeNotes(outcome.notes, interruption);
  return outcome.exitCode;
}
