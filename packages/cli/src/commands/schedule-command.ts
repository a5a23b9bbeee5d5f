import { type Command, Option } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { notEmpty, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { ApplyOptions } from './run-apply.js';
import type { ExportOptions } from './run-schedule-export.js';
import type { ScheduleOptions } from './schedule-options.js';

export function addScheduleCommand(program: Command, finish: Finish): void {
  const group = program
    .command('schedule')
    .description('Shows what is enabled and disabled, and how it is.')
    .argument('[names...]', 'only these', workloadNames)
    .option('--enabled', 'only what is enabled')
    .option('--disabled', 'only what is disabled')
    .option('--failed', 'only what is not well')
    .addOption(kindOption('only of this kind'))
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  aurae schedule
  aurae schedule web container/cache
  aurae schedule --failed
  aurae schedule --output json | jq -r '.workloads[].workload.name'
  aurae schedule export -o node.toml
  aurae schedule import node.toml --dry-run

● runs and is ready, or waits for its timer   ◐ waits, or is not ready yet
✗ failed                                      ○ is done, or disabled

"aurae why NAME" tells how it came to that.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runSchedule } = await import('./run-schedule.js');
      finish(await runSchedule(names, allOptions<ScheduleOptions>(self)));
    });
  addGlobalOptions(group);
  addExportCommand(group, finish);
  addImportCommand(group, finish);
}

function addExportCommand(group: Command, finish: Finish): void {
  const command = group
    .command('export')
    .description('Writes the schedule, or some of it, as a workload file.')
    .argument('[names...]', 'only these', workloadNames)
    .addOption(new Option('--format <format>', "[toml, or that of FILE's name]").choices(['toml', 'json']))
    .option('-o, --out <file>', 'write it to this file, which nobody else may read', notEmpty)
    .addHelpText(
      'after',
      `
Examples:
  aurae schedule export -o node.toml
  aurae schedule export web container/cache
  aurae schedule export --format json | jq -r '.executable[].name'

It has the values of environment variables, which may be secrets: guard it.
"aurae schedule import" takes it, on this node or on another one.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runScheduleExport } = await import('./run-schedule-export.js');
      finish(await runScheduleExport(names, allOptions<ExportOptions>(self)));
    });
  addGlobalOptions(command);
}

function addImportCommand(group: Command, finish: Finish): void {
  const command = group
    .command('import')
    .description('Brings the schedule to what a workload file says.')
    .argument('<file>', 'TOML or JSON, as of "aurae schedule export"; "-" is stdin', notEmpty)
    .option('--dry-run', 'tell the differences and change nothing')
    .option('--prune', 'also destroy what the file does not have')
    .addHelpText(
      'after',
      `
Examples:
  aurae schedule import node.toml --dry-run
  aurae schedule import node.toml --prune
  ssh other aurae schedule export | aurae schedule import -

The same as "aurae apply -f FILE". Exit code: 0 when all is as the file says,
else 1.`,
    )
    .action(async (file: string, _options: unknown, self: Command) => {
      const { runApply } = await import('./run-apply.js');
      finish(await runApply([file], allOptions<ApplyOptions>(self)));
    });
  addGlobalOptions(command);
}
