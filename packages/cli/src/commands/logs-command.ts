import { type Command, Option } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { pointInTime, wholeNumber } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { LogsOptions } from './logs-options.js';

export function addLogsCommand(program: Command, finish: Finish): void {
  const command = program
    .command('logs')
    .description('Shows the output of an executable, or the log of auraed itself.')
    .argument('[name]', 'an executable, as "aurae ps -a" calls it')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --tail <lines>', 'start at most this many lines before the end', wholeNumber)
    .option('--since <time>', 'start here: 10m (ago), 2026-01-31T12:00:00Z', pointInTime)
    .option('--until <time>', 'end here', pointInTime)
    .addOption(new Option('--channel <channel>', 'only this one').choices(['stdout', 'stderr']))
    .option('--timestamps', 'put the time before each line')
    .option('--pid <pid>', 'the output of a process of auraed, until it ends', wholeNumber)
    .option('--daemon', 'the log of auraed itself')
    .addHelpText(
      'after',
      `
Examples:
  aurae logs web --tail 20 --follow
  aurae logs web --since 10m --channel stderr --timestamps
  aurae logs --pid 4711
  aurae logs --daemon --follow --output json | jq -r .line

What an executable wrote to its stderr goes to stderr here, too. With
--output json each line is one JSON object on stdout.
Exit code: 0 at the end of the log, 130 after Ctrl-C, 1 when auraed goes away.`,
    )
    .action(async (name: string | undefined, _options: unknown, self: Command) => {
      const { runLogs } = await import('./run-logs.js');
      finish(await runLogs(name, allOptions<LogsOptions>(self)));
    });
  addGlobalOptions(command);
}
