import type { Command } from 'commander';
import { addGlobalOptions, allOptions } from '../global-options.js';
import { collectOf, eventNumber, eventType, pointInTime, tailLength, workloadNames } from '../option-parsers.js';
import type { Finish } from '../program.js';
import { kindOption } from '../schedule/kind-option.js';
import type { EventsOptions } from './events-options.js';

export function addEventsCommand(program: Command, finish: Finish): void {
  const command = program
    .command('events')
    .description('Shows what happened on the node: starts, ends, restarts, failures.')
    .argument('[names...]', 'only of these workloads', workloadNames)
    .option('-f, --follow', 'go on with what happens until Ctrl-C')
    .option('-n, --tail <events>', 'so many before the end [50; with -f 10]', tailLength)
    .option('--since <time>', 'start here: 10m (ago), 2026-01-31T12:00:00Z', pointInTime)
    .option('--until <time>', 'end here', pointInTime)
    .option('--after <number>', 'start after the event of this number; 0 is all', eventNumber)
    .option('--type <type>', 'only these: workload.ended, or schedule. for all', collectOf(eventType))
    .addOption(kindOption('of the names [any]'))
    .addHelpText(
      'after',
      `
Examples:
  aurae events
  aurae events web container/cache --since 1h
  aurae events --type workload.failed --type workload.ended -n 20
  aurae events -f --output json | jq -r .message
  aurae events --after 4711 -f --output json

Events are numbered, and kept over restarts of auraed, the newest of them:
"--after" goes on where a program has left off. Without an option the last 50
are shown, with --since, --until or --after all that are kept of them. Following
goes on over a restart of auraed, and begins with what is new after "-n 0".
Exit code: 0 at the end, 130 after Ctrl-C, 1 when auraed does not answer.`,
    )
    .action(async (names: readonly string[] = [], _options: unknown, self: Command) => {
      const { runEvents } = await import('./run-events.js');
      finish(await runEvents(names, allOptions<EventsOptions>(self)));
    });
  addGlobalOptions(command);
}
