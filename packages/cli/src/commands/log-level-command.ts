import type { Command } from 'commander';
import { addGlobalOptions, allOptions, type GlobalOptions } from '../global-options.js';
import type { Finish } from '../program.js';

export function addLogLevelCommand(program: Command, finish: Finish): void {
  const command = program
    .command('log-level')
    .description("Shows what auraed's own log has, or changes that until auraed ends.")
    .argument('[words...]', 'a part of auraed, a level for it or for all others, or both')
    .usage('[options] [component] [level]')
    .addHelpText(
      'after',
      `
Examples:
  aurae log-level
  aurae log-level schedule debug
  aurae log-level schedule default
  aurae log-level warn
  aurae log-level --output json | jq -r .level

Levels are trace, debug, info, warn, error and fatal, each with those after it;
default stands for what the configuration says. A level alone is that of all
that have none of their own. A change takes effect at once: see
"aurae logs --daemon --follow". Exit code: 0 when it is as said, else 1.`,
    )
    .action(async (words: readonly string[] = [], _options: unknown, self: Command) => {
      const { runLogLevel } = await import('./run-log-level.js');
      finish(await runLogLevel(words, allOptions<GlobalOptions>(self)));
    });
  addGlobalOptions(command);
}
