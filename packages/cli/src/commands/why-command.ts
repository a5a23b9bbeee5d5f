import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { wholeNumber, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { WhyOptions } from './run-why.js';

export function addWhyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('why')
    .description('Tells why scheduled workloads are in the state that they are in.')
    .argument('<names...>', 'workloads, as "aurae schedule" calls them', workloadNames)
    .addOption(kindOption('of the names [executable]'))
    .option('-n, --number <entries>', 'so many of what happened, the last ones [15]', wholeNumber)
    .option('--all', 'all of what happened')
    .addHelpText(
      'after',
      `
Examples:
  aurae why web
  aurae why web container/db -n 5
  aurae why web --all
  aurae why web --output json | jq -r '.entries[].message'

First how it is and what it is to be, then what happened to it, the newest last,
and then what one can do about it. auraed keeps the last hundred entries; as
JSON they are all there. "aurae schedule export NAME" has all that it is to be.`,
    )
    .action(async (names: readonly string[], _options: unknown, self: Command) => {
      const { runWhy } = await import('./run-why.js');
      finish(await runWhy(names, allOptions<WhyOptions>(self)));
    });
  addGlobalOptions(command);
}
