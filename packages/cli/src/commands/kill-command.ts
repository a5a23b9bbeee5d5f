import type { Command } from 'commander';
import { acceptSignalOptions } from '../accept-signal-options.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { signalName, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { KillOptions } from './run-kill.js';

export function addKillCommand(program: Command, finish: Finish): void {
  const command = program
    .command('kill')
    .description('Sends a signal to executables.')
    .argument('<names...>', 'executables, as "aurae ps" calls them', workloadNames)
    .option('-s, --signal <signal>', 'name or number [KILL]', signalName)
    .addHelpText(
      'after',
      `
Examples:
  aurae kill -s HUP web
  aurae kill -HUP web
  aurae kill -9 web worker

As with kill(1), -9, -HUP or -SIGHUP before the names is the signal, too.

Every name is tried. Exit code: 0 when all were sent it, else 1.`,
    )
    .action(async (names: readonly string[], _options: unknown, self: Command) => {
      const { runKill } = await import('./run-kill.js');
      finish(await runKill(names, allOptions<KillOptions>(self)));
    });
  addGlobalOptions(command);
  acceptSignalOptions(command);
}
