import type { Command } from 'commander';
import {
  absolutePath,
  byteSize,
  collect,
  collectOf,
  cpuMillis,
  durationMs,
  fileModeMask,
  label,
  notEmpty,
  processLimit,
  restartPolicy,
  signalName,
  wholeNumber,
} from '../option-parsers.js';

/** The options that say what an executable is, whoever starts it. */
export function addExecutableOptions(command: Command): Command {
  return (
    command
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
      .option('--restart <policy>', 'after its end: never, on-failure[:times], always[:times] [never]', restartPolicy)
      .option('-t, --tty', 'give it a terminal, for "aurae attach"')
      .option('-i, --stdin', 'keep its standard input open, for "aurae attach"')
      .option('--comment <text>', 'what people are to know about it', notEmpty)
      .option('--label <name=value>', 'a mark of your own, shown with it (repeatable)', collectOf(label))
  );
}
