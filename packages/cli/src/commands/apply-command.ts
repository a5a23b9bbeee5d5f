import type { Command } from 'commander';
import { UsageError } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { collectOf, notEmpty } from '../option-parsers.js';
import type { Finish } from '../program.js';
import type { ApplyOptions } from './run-apply.js';

export function addApplyCommand(program: Command, finish: Finish): void {
  const command = program
    .command('apply')
    .description('Brings the schedule to what workload files say.')
    .option('-f, --file <path>', 'a file, a directory of files, or "-" for stdin (repeatable)', collectOf(notEmpty))
    .option('--dry-run', 'tell the differences and change nothing')
    .option('--prune', 'also destroy what the files do not have')
    .addHelpText(
      'after',
      `
Examples:
  aurae apply -f web.toml
  aurae apply -f /etc/aurae/workloads --dry-run
  aurae apply -f base -f site.json --prune

Of a directory all *.toml and *.json count, but for hidden ones. The schedule is
changed as a whole or not at all. A workload that cannot run then does not take
back the others.

  + new   ~ changed   - destroyed   = as it was

docs/workload-files.md tells what stands in a file.

Exit code: 0 when all is as the files say, else 1. With --dry-run 0 whatever the
differences.`,
    )
    .action(async (_options: unknown, self: Command) => {
      const options = allOptions<ApplyOptions & { readonly file?: readonly string[] }>(self);
      const { file: paths = [] } = options;
      if (paths.length === 0) throw new UsageError('say what to apply: "aurae apply -f FILE" or "aurae apply -f DIR"');
      const { runApply } = await import('./run-apply.js');
      finish(await runApply(paths, options));
    });
  addGlobalOptions(command);
}
