import type { Command, CommanderError } from 'commander';
import { execExitCodes } from '../exit-codes.js';
import { CommandFailure, failingWith, UsageError } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { absolutePath, collect, durationMs, notEmpty } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { ExecOptions } from './run-exec.js';

export function addExecCommand(program: Command, finish: Finish): void {
  const command = program
    .command('exec')
    .description('Runs a command to its end, and ends as it did.')
    .argument('[command...]', 'program and arguments, run as they are, without a shell')
    .option('-c, --command <string>', 'a shell command, in place of a program and arguments')
    .option('-e, --env <name[=value]>', "add a variable; without a value, the caller's own (repeatable)", collect)
    .option('--cwd <dir>', 'working directory [/]', absolutePath)
    .option('--user <name>', "user to run as, or uid, or uid:gid [auraed's own]", notEmpty)
    .option('--timeout <duration>', 'end the command after this time: 500ms, 5s, 2m, 1h', durationMs)
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  aurae exec -- ls -l /var/log
  aurae exec -c 'ps aux | wc -l'
  aurae exec --env MODE=fast --cwd /srv --timeout 30s -- ./build.sh all

Exit code: that of the command; 128+N when signal N ended it; 124 when --timeout
passed; 125 when aurae or auraed failed; 126 when the program cannot be
executed; 127 when it does not exist; 130 after Ctrl-C.
Standard input is not forwarded yet.`,
    )
    .action(async (words: string[], _options: unknown, self: Command) => {
      const run = async () => {
        const { runExec } = await import('./run-exec.js');
        return await runExec(words, allOptions<ExecOptions>(self));
      };
      finish(await failingWith(execExitCodes.ownFailure, run));
    });
  addGlobalOptions(command).exitOverride(refuse);
}

/** A wrong flag must not look like an exit code of the command. */
function refuse(error: CommanderError): never {
  if (error.exitCode === 0) throw error;
  throw new CommandFailure(execExitCodes.ownFailure, new UsageError(error.message));
}
