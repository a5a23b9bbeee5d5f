import { type Command, Option } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { notEmpty, pointInTime, tailLength, wholeNumber, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import { logLevels } from '../values/log-level.js';
import type { LogsOptions } from './logs-options.js';

export function addLogsCommand(program: Command, finish: Finish): void {
  const command = program
    .command('logs')
    .description('Shows the output of workloads, or the log of auraed itself.')
    .argument('[names...]', 'workloads, as "aurae ps -a" calls them, or pids', workloadNames)
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --tail <lines>', 'start at most this many lines before the end', tailLength)
    .option('--since <time>', 'start here: 10m (ago), 2026-01-31T12:00:00Z', pointInTime)
    .option('--until <time>', 'end here', pointInTime)
    .option('--grep <regexp>', 'only lines in which JavaScript finds this', notEmpty)
    .option('-i, --ignore-case', 'whatever the case of its letters is')
    .option('-v, --invert-match', 'only lines in which it is not found')
    .addOption(new Option('--channel <channel>', 'only this one').choices(['stdout', 'stderr']))
    .option('--timestamps', 'put the time before each line')
    .addOption(kindOption('of the names [what is found first]'))
    .option('--pid <pid>', 'the output of a process of auraed, until it ends', wholeNumber)
    .option('--daemon', 'the log of auraed itself')
    .addOption(new Option('--level <level>', 'with --daemon: this and above it').choices(logLevels))
    .option('--component <component>', 'with --daemon: only this part of auraed', notEmpty)
    .addHelpText(
      'after',
      `
Examples:
  aurae logs web --tail 20 --follow
  aurae logs web db container/cache -f
  aurae logs web --since 10m --channel stderr --timestamps
  aurae logs web --grep 'status=5\\d\\d' -n 10
  aurae logs 4711
  aurae logs --daemon --follow --level warn
  aurae logs --daemon --output json | jq -r .line

What a workload wrote to its stderr goes to stderr here, too. Of one workload
these are the exact bytes; of several, each line has its name before it, and
they stand in the order of their times. With --output json each line is one
JSON object on stdout. Following goes on over a restart of auraed, and begins
with what is new after "-n 0".

A name that is a number is a process, if no workload is called so.
Exit code: 0 at the end of the log, 130 after Ctrl-C, 1 when a log cannot be
read, or auraed goes away and nobody follows.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runLogs } = await import('./run-logs.js');
      finish(await runLogs(names, allOptions<LogsOptions>(self)));
    });
  addGlobalOptions(command);
}
