import type { Command } from 'commander';
import { acceptCommandWords } from '../accept-command-words.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { collectOf, notEmpty, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import { addCriteriaOptions } from './criteria-options.js';
import type { EnableOptions } from './enable-request.js';
import { addExecutableOptions } from './executable-options.js';

export function addEnableCommand(program: Command, finish: Finish): void {
  const command = program
    .command('enable')
    .description('Keeps workloads running: now, after a crash, and at every start of auraed.')
    .usage('[options] --name NAME -- COMMAND...\n       aurae enable -f FILE...\n       aurae enable NAME...')
    .argument('[names...]', 'what was disabled, or failed; a command follows "--"', workloadNames)
    .option('-f, --file <file>', 'workloads of a TOML or JSON file, "-" is stdin (repeatable)', collectOf(notEmpty))
    .addOption(kindOption('of the names [executable]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae enable --name web --restart always -- /usr/local/bin/serve --port 8080
  aurae enable --name api --after db --ready-tcp :90 --cwd /srv/api -- ./api
  aurae enable --name backup --cron "0 3 * * *" -- /usr/local/bin/backup
  aurae enable -f web.toml
  aurae enable web

auraed keeps what is enabled on its disk. It is started now, and at every start
of auraed (after a boot, and after an upgrade of auraed, too) unless it runs
still; after its end as --restart says; with a timer only when that comes due.
Enabled anew with other options, it takes the place of what runs.

Commands start in "/", whatever the current directory is here: give absolute
paths, or --cwd.

Words before "--" are names of workloads that auraed knows: they are enabled
again as they were. A command always follows "--", unlike with "aurae start".

"aurae schedule" shows how they are, "aurae why NAME" how that came, and
docs/workload-files.md is about files.

Exit code: 0 when all are enabled, else 1. A workload that cannot run is not
enabled, and what was before stays.`,
    );
  addExecutableOptions(command);
  addCriteriaOptions(command);
  addGlobalOptions(command);
  const commandWords = acceptCommandWords(command);
  command.action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
    const { runEnable } = await import('./run-enable.js');
    finish(await runEnable(names, commandWords(), allOptions<EnableOptions>(self)));
  });
}
