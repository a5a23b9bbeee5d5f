import type { Command } from 'commander';
import { execExitCodes } from '../exit-codes.js';
import { failingWith } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { absolutePath, collect, durationMs, notEmpty } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { refuseAsOwnFailure } from '../refuse-as-own-failure.js';
import type { ExecOptions } from './exec-request.js';

export function addExecCommand(program: Command, finish: Finish): void {
  const command = program
    .command('exec')
    .description('Runs a command to its end, and ends as it did.')
    .argument('[command...]', 'program and arguments, run as they are, without a shell')
    .option('-c, --command <string>', 'a shell command, in place of a program and arguments')
    .option('-e, --env <name[=value]>', "add a variable; without a value, the caller's own (repeatable)", collect)
    .option('-w, --cwd <dir>', 'working directory [/]', absolutePath)
    .option('-u, --user <name>', "user to run as, or uid, or uid:gid [auraed's own]", notEmpty)
    .option('-i, --interactive', 'pass standard input on to the command')
    .option('-t, --tty', 'give the command a terminal, which is this one; implies -i')
    .option('--timeout <duration>', 'end the command after this time: 500ms, 5s, 2m, 1h', durationMs)
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  aurae exec -- ls -l /var/log
  aurae exec -c 'ps aux | wc -l'
  aurae exec --env MODE=fast --cwd /srv --timeout 30s -- ./build.sh all
  aurae exec -i -- tar -xf - -C /srv <site.tar
  aurae exec -it -- bash

The output comes as it is written, byte by byte. With --output json it comes in
one answer at the end, of which auraed keeps the first 1 MiB of each channel.

Exit code: that of the command; 128+N when signal N ended it; 124 when --timeout
passed; 125 when aurae or auraed failed; 126 when the program cannot be
executed; 127 when it does not exist; 130 after Ctrl-C, which with -t is the
command's; 141 when the reader of its output has left.`,
    )
    .action(async (words: string[], _options: unknown, self: Command) => {
      const run = async () => {
        const options = allOptions<ExecOptions>(self);
        if (options.output === 'json') {
          const { runExecAsJson } = await import('./run-exec-as-json.js');
          return await runExecAsJson(words, options);
        }
        const { runExec } = await import('./run-exec.js');
        return await runExec(words, options);
      };
      finish(await failingWith(execExitCodes.ownFailure, run));
    });
  addGlobalOptions(command).exitOverride(refuseAsOwnFailure);
}
