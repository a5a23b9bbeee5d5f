import type { Command } from 'commander';
import { UsageError } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { wholeNumber } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { LogsOptions } from './run-logs.js';

export function addLogsCommand(program: Command, finish: Finish): void {
  const command = program
    .command('logs')
    .description('Shows the log of auraed itself.')
    .option('--daemon', 'the log of auraed itself; the only one yet')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --tail <lines>', 'start at most this many lines before the end', wholeNumber)
    .addHelpText(
      'after',
      `
Examples:
  aurae logs --daemon --tail 20
  aurae logs --daemon --follow --output json | jq -r .line

With --output json each line is one JSON object.
Exit code: 0 at the end of the log, 130 after Ctrl-C, 1 when auraed goes away.`,
    )
    .action(async (_options: unknown, self: Command) => {
      const options = allOptions<LogsOptions>(self);
      if (!options.daemon) throw new UsageError('say whose log: "aurae logs --daemon" shows that of auraed');
      const { runLogs } = await import('./run-logs.js');
      finish(await runLogs(options));
    });
  addGlobalOptions(command);
}
