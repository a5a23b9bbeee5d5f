import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addApplyCommand } from './commands/apply-command.js';
import { addAttachCommand } from './commands/attach-command.js';
import { addDestroyCommand } from './commands/destroy-command.js';
import { addDisableCommand } from './commands/disable-command.js';
import { addEnableCommand } from './commands/enable-command.js';
import { addEventsCommand } from './commands/events-command.js';
import { addExecCommand } from './commands/exec-command.js';
import { addKillCommand } from './commands/kill-command.js';
import { addLogLevelCommand } from './commands/log-level-command.js';
import { addLogsCommand } from './commands/logs-command.js';
import { addPkiCommand } from './commands/pki-command.js';
import { addPsCommand } from './commands/ps-command.js';
import { addRestartCommand } from './commands/restart-command.js';
import { addRmCommand } from './commands/rm-command.js';
import { addScheduleCommand } from './commands/schedule-command.js';
import { addStartCommand } from './commands/start-command.js';
import { addStatusCommand } from './commands/status-command.js';
import { addStopCommand } from './commands/stop-command.js';
import { addTopCommand } from './commands/top-command.js';
import { addWhyCommand } from './commands/why-command.js';
import { type HelpOutput } from './output/help-output.js';
import { pointToHelp } from './point-to-help.js';
import { refuseHelpOfUnknown } from './refuse-help-of-unknown.js';
import { addGlobalOptions } from './global-options.js';

/** Ends with a number that the process ends with. */
export type Finish = (exitCode: number) => void;

const manageGroup = 'See and manage:';

/**
 * The command line. Commands load what they need when they run: the words of `--help` come without gRPC.
 *
 * @param help takes the help that was asked for
 * @param finish called once with the exit code, unless parsing or the command fails
 */
export function createProgram(help: HelpOutput, finish: Finish): Command {
  const program = new Command('aurae')
    .description('Runs and watches workloads through auraed, the daemon that owns this machine.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .commandsGroup(manageGroup)
    .helpCommand('help [command]', 'show help of a command')
    .enablePositionalOptions()
    .exitOverride()
    // Messages are written in one place, for people or as JSON.
    .configureOutput({ outputError: () => {}, writeOut: help.writeOut, writeErr: help.writeErr })
    .addHelpText(
      'after',
      `
Examples:
  aurae status
  aurae exec -- uname -a
  aurae start --name web -- python3 -m http.server 8080
  aurae enable --name web --restart always -- /usr/local/bin/serve --port 8080
  aurae logs web --follow
  aurae events --follow
  aurae top

Without options aurae finds auraed by itself: AURAE_SOCKET, AURAE_CONFIG or
AURAE_ROOT, then ~/.aurae/config or /etc/aurae/config, then the default paths.`,
    );
  refuseHelpOfUnknown(program);
  addGlobalOptions(program);
  program.commandsGroup('Run now:');
  addExecCommand(program, finish);
  addStartCommand(program, finish);
  addStopCommand(program, finish);
  addKillCommand(program, finish);
  addRmCommand(program, finish);
  addPsCommand(program, finish);
  addAttachCommand(program, finish);
  program.commandsGroup('Keep running:');
  addEnableCommand(program, finish);
  addDisableCommand(program, finish);
  addRestartCommand(program, finish);
  addDestroyCommand(program, finish);
  addScheduleCommand(program, finish);
  addWhyCommand(program, finish);
  addApplyCommand(program, finish);
  program.commandsGroup(manageGroup);
  addStatusCommand(program, finish);
  addTopCommand(program, finish);
  addLogsCommand(program, finish);
  addEventsCommand(program, finish);
  addLogLevelCommand(program, finish);
  addPkiCommand(program, finish);
  pointToHelp(program);
  return program;
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
