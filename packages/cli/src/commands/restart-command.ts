import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { KindOptions } from './kind-options.js';

export function addRestartCommand(program: Command, finish: Finish): void {
  const command = program
    .command('restart')
    .description('Stops workloads of the schedule and starts them anew.')
    .argument('<names...>', 'workloads, as "aurae schedule" calls them', workloadNames)
    .addOption(kindOption('of the names [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae restart web
  aurae restart web container/cache

What is down, or waits, is started at once; what it comes after is waited for.
What has a timer is only stopped, and only while it runs: its timer starts it.
What was started by "aurae start": "aurae stop NAME", and "aurae start" again.

Every name is tried. Exit code: 0 when all are as said, else 1.`,
    )
    .action(async (names: readonly string[], _options: unknown, self: Command) => {
      const { runRestart } = await import('./run-restart.js');
      finish(await runRestart(names, allOptions<KindOptions>(self)));
    });
  addGlobalOptions(command);
}
