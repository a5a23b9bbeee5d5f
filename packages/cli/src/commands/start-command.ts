import type { Command } from 'commander';
import { execExitCodes } from '../exit-codes.js';
import { failingWith } from '../failures.js';
import { addGlobalOptions, allOptions } from '../global-options.js';
import {
  absolutePath,
  byteSize,
  collect,
  collectOf,
  cpuMillis,
  durationMs,
  fileModeMask,
  notEmpty,
  processLimit,
  restartPolicy,
  signalName,
  wholeNumber,
} from '../option-parsers.js';
import type { Finish } from '../program.js';
import { refuseAsOwnFailure } from '../refuse-as-own-failure.js';
import type { StartOptions } from './start-request.js';

export function addStartCommand(program: Command, finish: Finish): void {
  const command = program
    .command('start')
    .description('Starts an executable that goes on without this command, and without auraed.')
    .argument('[command...]', 'program and arguments, run as they are, without a shell')
    .option('--name <name>', "what to call it [the program's base name]", notEmpty)
    .option('-c, --command <string>', 'a shell command, in place of a program and arguments')
    .option('-e, --env <name[=value]>', "add a variable; without a value, the caller's own (repeatable)", collect)
    // Not `--env-file`: node takes that for its own, wherever it stands, and NODE_OPTIONS from the file.
    .option('--env-from <file>', 'add the variables of its lines NAME=VALUE (repeatable)', collectOf(notEmpty))
    .option('-w, --cwd <dir>', 'working directory [/]', absolutePath)
    .option('-u, --user <name>', "user to run as, or uid, or uid:gid [auraed's own]", notEmpty)
    .option('--limit-memory <size>', 'memory of all its processes: 256M, 1G', byteSize)
    .option('--limit-cpu <cpus>', 'CPU time of all its processes: 0.5, 2', cpuMillis)
    .option('--limit-pids <number>', 'how many processes and threads it may have', wholeNumber)
    .option('--ulimit <name=soft:hard>', 'limit of each process: nofile=1024 (repeatable)', collectOf(processLimit))
    .option('--umask <mask>', 'file mode creation mask [0022]', fileModeMask)
    .option('--stop-signal <signal>', 'what a stop begins with [TERM]', signalName)
    .option('--stop-timeout <duration>', 'what a stop waits before KILL [10s]', durationMs)
    .option('--restart <policy>', 'after its end: no, on-failure[:times], always [no]', restartPolicy)
    .option('-t, --tty', 'give it a terminal, for "aurae attach"')
    .option('-i, --stdin', 'keep its standard input open, for "aurae attach"')
    .option('--comment <text>', 'what people are to know about it', notEmpty)
    .passThroughOptions()
    .addHelpText(
      'after',
      `
Examples:
  aurae start --name web -- python3 -m http.server 8080
  aurae start --limit-memory 256M --limit-cpu 0.5 --restart always -- ./worker
  aurae start --name shell -t -- bash

"aurae ps" shows it, "aurae logs NAME" its output, "aurae stop NAME" ends it.

Commands start in "/", whatever the current directory is here: see --cwd.
--env-from takes lines as they are: quotes become part of the value.

auraed keeps the restart policy: it starts again what has ended, after a pause
that doubles from 100 ms to 1 minute and begins anew after a run of 10 s. It
starts nothing after a boot of the machine.

Exit code: 0 once it runs; 125 when aurae or auraed failed; 126 when the program
cannot be executed; 127 when it does not exist.`,
    )
    .action(async (words: string[], _options: unknown, self: Command) => {
      const run = async () => {
        const { runStart } = await import('./run-start.js');
        return await runStart(words, allOptions<StartOptions>(self));
      };
      finish(await failingWith(execExitCodes.ownFailure, run));
    });
  addGlobalOptions(command).exitOverride(refuseAsOwnFailure);
}
