import { environmentOf } from '../values/environment-options.js';
import { UsageError } from '../failures.js';
import { quoteCommand } from '../shell-quote.js';

/** What to run, and as what: options that `exec` and `start` share. */
export interface CommandOptions {
  readonly command?: string;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly user?: string;
}

/** The fields of an `Executable` that they stand for. */
export function commandRequest(words: readonly string[], options: CommandOptions, example: string) {
  const { env = [], cwd = '', user = '' } = options;
  return { ...whatToRun(words, options.command, example), env: environmentOf(env, process.env), cwd, user };
}

function whatToRun(words: readonly string[], command: string | undefined, example: string) {
  if (command !== undefined) {
    if (words.length > 0) throw new UsageError('give either --command STRING or a program with arguments, not both');
    if (command.trim() === '') throw new UsageError('option --command is empty: give a shell command');
    return { command };
  }
  if (words.length === 0) throw new UsageError(`no command was given: try "${example}"`);
  return { argv: [...words], command: quoteCommand(words) };
}
