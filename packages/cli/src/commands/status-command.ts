import type { Command } from 'commander';
import { addGlobalOptions, allOptions, type GlobalOptions } from '../global-options.js';
import type { Finish } from '../program.js';

export function addStatusCommand(program: Command, finish: Finish): void {
  const command = program
    .command('status')
    .description('Shows auraed, what it runs, and the health of its backends.')
    .addHelpText(
      'after',
      `
Examples:
  aurae status
  aurae status --output json | jq '.backends[].description.health'

Exit code: 0 when auraed answers, else 1.`,
    )
    .action(async (_options: unknown, self: Command) => {
      const { runStatus } = await import('./run-status.js');
      finish(await runStatus(allOptions<GlobalOptions>(self)));
    });
  addGlobalOptions(command);
}
