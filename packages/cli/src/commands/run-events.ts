import { observe } from '@aurae/proto';
import { EventFeed } from '../events/event-feed.js';
import { EventFormat } from '../events/event-format.js';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import { DaemonComeback } from '../following/daemon-comeback.js';
import { inBatches } from '../following/in-batches.js';
import { outageNotes } from '../following/outage-notes.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { paintFor } from '../output/terminal-style.js';
import type { EventsOptions } from './events-options.js';
import { eventsRequest } from '../events/events-request.js';

/** Ends quietly when the reader leaves, as after `| head`. */
export async function runEvents(names: readonly string[], options: EventsOptions): Promise<number> {
  const request = eventsRequest(names, options);
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const comeback = options.follow ? new DaemonComeback(client, outageNotes(), interruption.signal) : undefined;
  const feed = new EventFeed(client, request, comeback);
  const stdout = new OutputStream(process.stdout);
  const format = formatFor(options);
  let count = 0;
  for await (const events of inBatches((signal) => feed.read(signal), interruption.signal)) {
    count += events.length;
    const text = events.map((event) => `${format(event)}\n`).join('');
    if (!(await interruption.race(stdout.write(text)))) return exitCodes.success;
  }
  if (count === 0 && options.output !== 'json') {
    await interruption.race(new OutputStream(process.stderr).write('No event of that kind is kept.\n'));
  }
  return exitCodes.success;
}

function formatFor({ output }: EventsOptions): (event: observe.Event) => string {
  if (output === 'json') return (event) => JSON.stringify(observe.Event.toJSON(event));
  const format = new EventFormat(paintFor(process.stdout));
  return (event) => format.line(event);
}
