import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { durationMs, signalName, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { StopOptions } from './run-stop.js';

export function addStopCommand(program: Command, finish: Finish): void {
  const command = program
    .command('stop')
    .description('Ends executables with all their processes: a signal, some time, then KILL.')
    .argument('[names...]', 'executables, as "aurae ps" calls them', workloadNames)
    .option('-a, --all', 'all that run, or are to be started again')
    .option('-t, --timeout <duration>', 'what to wait before KILL [its --stop-timeout, else 10s]', durationMs)
    .option('--signal <signal>', 'what to begin with [its --stop-signal, else TERM]', signalName)
    .addHelpText(
      'after',
      `
Examples:
  aurae stop web
  aurae stop web worker --timeout 30s --signal INT
  aurae stop --all

Every name is tried. Exit code: 0 when all have ended, else 1.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runStop } = await import('./run-stop.js');
      finish(await runStop(names, allOptions<StopOptions>(self)));
    });
  addGlobalOptions(command);
}
