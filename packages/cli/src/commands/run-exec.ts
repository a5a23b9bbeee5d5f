import { converse } from '../attach/conversation.js';
import { terminalSize } from '../attach/terminal-size.js';
import { connectToDaemon } from '../connect-to-daemon.js';
import { execExitCodes } from '../exit-codes.js';
import { UsageError } from '../failures.js';
import { Interruption } from '../interruption.js';
import { type ExecOptions, execRequest } from './exec-request.js';
import { execOutcome, noteOfEnd } from './exec-outcome.js';
import { writeNotes } from './write-notes.js';

/** Shows the output as it is written. Returns the command's own exit code, or what stands for why it has none. */
export async function runExec(words: readonly string[], options: ExecOptions): Promise<number> {
  const { tty = false, interactive = false } = options;
  const takesInput = tty || interactive;
  const open = openRequest(words, options, takesInput);
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const end = await converse(client, { open, takesInput, passesEndOfInput: true, isTerminal: tty }, interruption);
  client.close();
  if (end.kind !== 'ended') return execExitCodes.brokenPipe;
  const { exitCode, notes } = execOutcome(end.status, options);
  const inputNotes = takesInput ? [] : await unreadInputNotes();
  await writeNotes([...notes, ...noteOfEnd(end.status), ...inputNotes], interruption);
  return exitCode;
}

function openRequest(words: readonly string[], options: ExecOptions, stdin: boolean) {
  const request = execRequest(words, options);
  if (!options.tty) return { target: { $case: 'executable' as const, value: request }, stdin };
  if (!process.stdin.isTTY) {
    throw new UsageError(
      'option --tty needs a terminal, but the input device is not a TTY: leave out -t, and give -i to pass on a file or a pipe',
    );
  }
  const { TERM } = process.env;
  const env = TERM ? { TERM, ...request.env } : request.env;
  return { target: { $case: 'executable' as const, value: { ...request, env } }, stdin, terminal: terminalSize() };
}

async function unreadInputNotes(): Promise<string[]> {
  const { hasUnreadInput } = await import('../unread-input.js');
  const note = 'note: the command saw nothing of standard input: -i passes it on; "</dev/null" says that this is meant';
  return (await hasUnreadInput()) ? [note] : [];
}
