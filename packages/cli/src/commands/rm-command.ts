import type { Command } from 'commander';
import { addGlobalOptions, allOptions, type GlobalOptions } from '../global-options.js';
import type { Finish } from '../program.js';

export function addRmCommand(program: Command, finish: Finish): void {
  const command = program
    .command('rm')
    .description('Forgets executables that have ended, with their logs.')
    .argument('<names...>', 'executables, as "aurae ps -a" calls them')
    .addHelpText(
      'after',
      `
Examples:
  aurae rm web
  aurae stop web && aurae rm web

Every name is tried. Exit code: 0 when all are forgotten, else 1.`,
    )
    .action(async (names: string[], _options: unknown, self: Command) => {
      const { runRm } = await import('./run-rm.js');
      finish(await runRm(names, allOptions<GlobalOptions>(self)));
    });
  addGlobalOptions(command);
}
