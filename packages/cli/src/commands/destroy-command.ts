import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { KindOptions } from './kind-options.js';

export function addDestroyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('destroy')
    .description('Ends workloads and forgets them, but for their logs.')
    .argument('<names...>', 'workloads, as "aurae schedule" calls them', workloadNames)
    .addOption(kindOption('of the names [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae destroy web
  aurae destroy web worker
  aurae destroy --kind container db

What is destroyed is gone from the schedule: "aurae schedule export" before that
keeps a copy. "aurae logs NAME" still shows what they wrote.

Every name is tried. Exit code: 0 when all are destroyed, else 1.`,
    )
    .action(async (names: readonly string[], _options: unknown, self: Command) => {
      const { runDestroy } = await import('./run-destroy.js');
      finish(await runDestroy(names, allOptions<KindOptions>(self)));
    });
  addGlobalOptions(command);
}
