import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { sampleInterval, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { TopOptions } from './top-options.js';

export function addTopCommand(program: Command, finish: Finish): void {
  const command = program
    .command('top')
    .description('Shows live what workloads use, and lets one look into them and stop them.')
    .argument('[names...]', 'only these workloads', workloadNames)
    .option('--interval <duration>', 'between two samples [1s]', sampleInterval)
    .option('--once', 'one sample as a table, rather than a live view')
    .addHelpText(
      'after',
      `
Examples:
  aurae top
  aurae top web container/db --interval 500ms
  aurae top --once
  aurae top --output json | jq -r '.workloads[].cpuPercent'

Keys: arrows or j and k select, Enter or l shows the log, s stops, K kills,
c m n r u sort by CPU, memory, name, restarts and uptime, / filters, t is the
trend of CPU or of memory, a shows what has ended, too, h helps, q quits.
100% is one processor. The live view outlasts a restart of auraed.

Where standard input or output is no terminal, and with --output json, there is
one sample.
Exit code: 0 after q, 130 after Ctrl-C, 1 when auraed does not answer, or one
sample is asked for and a name is of nothing.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runTop } = await import('./run-top.js');
      finish(await runTop(names, allOptions<TopOptions>(self)));
    });
  addGlobalOptions(command);
}
