import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import type { Finish } from '../program.js';
import type { PsOptions } from './run-ps.js';

export function addPsCommand(program: Command, finish: Finish): void {
  const command = program
    .command('ps')
    .description('Shows the executables that run.')
    .option('-a, --all', 'also those that have ended and are not forgotten')
    .option('-q, --quiet', 'their names alone, one a line')
    .addHelpText(
      'after',
      `
Examples:
  aurae ps -a
  aurae stop $(aurae ps -q)
  aurae ps --output json | jq -r '.executables[].proc.pid'`,
    )
    .action(async (_options: unknown, self: Command) => {
      const { runPs } = await import('./run-ps.js');
      finish(await runPs(allOptions<PsOptions>(self)));
    });
  addGlobalOptions(command);
}
