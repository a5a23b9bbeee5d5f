import type { Command } from 'commander';
import { execExitCodes } from '../exit-codes.js';
import { failingWith } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import type { Finish } from '../program.js';
import { refuseAsOwnFailure } from '../refuse-as-own-failure.js';
import { addExecutableOptions } from './executable-options.js';
import type { ExecutableOptions } from './executable-request.js';

export function addStartCommand(program: Command, finish: Finish): void {
  const command = program
    .command('start')
    .description('Starts an executable that goes on without this command, and without auraed.')
    .argument('[command...]', 'program and arguments, run as they are, without a shell')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  aurae start --name web -- python3 -m http.server 8080
  aurae start --limit-memory 256M --limit-cpu 0.5 --restart always -- ./worker
  aurae start --name shell -t -- bash

"aurae ps" shows it, "aurae logs NAME" its output, "aurae stop NAME" ends it.
What is to run again at every start of auraed, or on a timer, is for
"aurae enable".

Commands start in "/", whatever the current directory is here: see --cwd.
--env-from takes lines as they are: quotes become part of the value.

auraed keeps the restart policy: it starts again what has ended, after a pause
that doubles from 100 ms to 1 minute and begins anew after a run of 10 s. It
starts nothing after a boot of the machine.

Exit code: 0 once it runs; 125 when aurae or auraed failed; 126 when the program
cannot be executed; 127 when it does not exist.`,
    )
    .action(async (words: string[], _options: unknown, self: Command) => {
      const run = async () => {
        const { runStart } = await import('./run-start.js');
        return await runStart(words, allOptions<ExecutableOptions>(self));
      };
      finish(await failingWith(execExitCodes.ownFailure, run));
    });
  addExecutableOptions(command);
  addGlobalOptions(command).exitOverride(refuseAsOwnFailure);
}
