import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { workloadName } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { KindOptions } from './kind-options.js';

export function addWhyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('why')
    .description('Tells why a scheduled workload is in the state that it is in.')
    .argument('<name>', 'a workload, as "aurae schedule" calls it', workloadName)
    .addOption(kindOption('of the name [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae why web
  aurae why --kind container db
  aurae why web --output json | jq -r '.entries[].message'

First how it is, then what happened to it, the newest last, and then what one
can do about it. auraed keeps the last hundred entries.`,
    )
    .action(async (name: string, _options: unknown, self: Command) => {
      const { runWhy } = await import('./run-why.js');
      finish(await runWhy(name, allOptions<KindOptions>(self)));
    });
  addGlobalOptions(command);
}
