import type { Command } from 'commander';
import { addGlobalOptions, allOptions, type GlobalOptions } from '../global-options.js';
import type { Finish } from '../program.js';

export function addLogLevelCommand(program: Command, finish: Finish): void {
  const command = program
    .command('log-level')
    .description("Shows what auraed's own log has, or changes that until auraed ends.")
    .argument('[part]', 'a component of auraed; a level alone is for all others')
    .argument('[level]', 'what it is to have from now on, or default')
    .addHelpText(
      'after',
      `
Examples:
  aurae log-level
  aurae log-level schedule debug
  aurae log-level schedule default
  aurae log-level warn
  aurae log-level default
  aurae log-level --output json | jq -r .level

Levels are trace, debug, info, warn, error and fatal, each with those after it;
default stands for what the configuration says. A level alone is that of all
that have none of their own; default alone takes back every change. A change
takes effect at once: see "aurae logs --daemon --follow".
Exit code: 0 when it is as said, else 1.`,
    )
    .action(async (part: string | undefined, level: string | undefined, _options: unknown, self: Command) => {
      const { runLogLevel } = await import('./run-log-level.js');
      const words = [part, level].filter((word) => word !== undefined);
      finish(await runLogLevel(words, allOptions<GlobalOptions>(self)));
    });
  addGlobalOptions(command);
}
