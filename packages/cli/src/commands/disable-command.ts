import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { AllOfKindOption } from './scheduled-selection.js';

export function addDisableCommand(program: Command, finish: Finish): void {
  const command = program
    .command('disable')
    .description('Ends workloads, and keeps them from running until they are enabled again.')
    .argument('[names...]', 'workloads, as "aurae schedule" calls them', workloadNames)
    .option('-a, --all', 'all that are enabled; with --kind, of that kind')
    .addOption(kindOption('of the names [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae disable web
  aurae disable web worker
  aurae disable container/db
  aurae disable --all

They do not run after a boot, either. "aurae enable NAME" enables them again, as
they were.

Every name is tried. Exit code: 0 when all are disabled, else 1.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runDisable } = await import('./run-disable.js');
      finish(await runDisable(names, allOptions<AllOfKindOption>(self)));
    });
  addGlobalOptions(command);
}
