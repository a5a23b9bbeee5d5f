import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { AllOfKindOption } from './scheduled-selection.js';

export function addDestroyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('destroy')
    .description('Ends workloads and forgets them, but for their logs.')
    .argument('[names...]', 'workloads, as "aurae schedule" calls them', workloadNames)
    .option('--all', 'all that are scheduled; with --kind, of that kind. Nothing is asked')
    .addOption(kindOption('of the names [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae destroy web
  aurae destroy web worker
  aurae destroy container/db
  aurae destroy --all

What runs is ended, and what has a timer is not started any more. It is
gone from the schedule: "aurae schedule export NAME" before that keeps a copy.
"aurae logs NAME" still shows what it wrote. What was not scheduled is as good
as destroyed: a note says so.

Every name is tried. Exit code: 0 when none of them is scheduled any more, else
1.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runDestroy } = await import('./run-destroy.js');
      finish(await runDestroy(names, allOptions<AllOfKindOption>(self)));
    });
  addGlobalOptions(command);
}
