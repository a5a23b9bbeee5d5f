import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { AllOption } from './name-selection.js';

export function addRmCommand(program: Command, finish: Finish): void {
  const command = program
    .command('rm')
    .description('Forgets executables that have ended, with their logs.')
    .argument('[names...]', 'executables, as "aurae ps -a" calls them', workloadNames)
    .option('-a, --all', 'all that have ended')
    .addHelpText(
      'after',
      `
Examples:
  aurae rm web
  aurae stop web && aurae rm web
  aurae rm --all

Every name is tried. Exit code: 0 when all are forgotten, else 1.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runRm } = await import('./run-rm.js');
      finish(await runRm(names, allOptions<AllOption>(self)));
    });
  addGlobalOptions(command);
}
