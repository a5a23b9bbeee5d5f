import { type Command, Option } from 'commander';
import {
  collectOf,
  dependency,
  durationMs,
  httpProbe,
  notEmpty,
  tcpProbe,
  timerInterval,
  wholeNumber,
} from '../option-parsers.js';

/** The options that say when an enabled executable runs, and how one tells that it is well. */
export function addCriteriaOptions(command: Command): Command {
  const missed = new Option('--missed <policy>', 'starts that came due while auraed was down [skip]');
  command
    .optionsGroup('When it runs:')
    .option('--restart-pause <duration>', 'before the first restart; it doubles then [100ms]', durationMs)
    .option('--restart-longest-pause <duration>', 'what it doubles up to [1m]', durationMs)
    .option('--stable-after <duration>', 'a run that lasts so long begins the pauses anew [10s]', durationMs)
    .option(
      '--after <name[=state]>',
      'start once that is ready, running or completed (repeatable)',
      collectOf(dependency),
    )
    .option('--every <duration>', 'start on a fixed beat: 5m, 1d', timerInterval)
    .option('--cron <expression>', 'start when crontab(5) says: "0 3 * * *"', notEmpty)
    .option('--time-zone <zone>', "that of --cron: Europe/Berlin [auraed's own]", notEmpty)
    .addOption(missed.choices(['skip', 'once']))
    .optionsGroup('How one tells that it is well:')
    .option('--ready-http <address>', 'ready once a GET answers: :8080/healthz', httpProbe)
    .option('--ready-tcp <address>', 'ready once it accepts connections: :5432', tcpProbe)
    .option('--ready-exec <command>', 'ready once this shell command ends with 0', notEmpty)
    .option('--ready-log <regex>', 'ready once a line of its log matches', notEmpty)
    .option('--ready-within <duration>', 'failed when it is not ready by then [no limit]', durationMs)
    .option('--ready-interval <duration>', 'from one question to the next [1s]', durationMs)
    .option('--ready-timeout <duration>', 'what an answer may take [1s]', durationMs)
    .option('--alive-http <address>', 'failed when a GET does not answer any more', httpProbe)
    .option('--alive-tcp <address>', 'failed when it does not accept connections', tcpProbe)
    .option('--alive-exec <command>', 'failed when this shell command does', notEmpty)
    .option('--alive-interval <duration>', 'from one question to the next [10s]', durationMs)
    .option('--alive-timeout <duration>', 'what an answer may take [1s]', durationMs)
    .option('--alive-threshold <number>', 'so many bad answers in a row are a failure [3]', wholeNumber)
    .optionsGroup('');
  return command;
}
