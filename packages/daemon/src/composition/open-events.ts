import { join } from 'node:path';
import { EventJournal } from '../events/event-journal.js';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import { version } from '../version.js';

/** Opens the history of the node. What is published until its end is kept for the next daemon. */
export async function openEvents(
  stateDir: string,
  maximumBytes: number,
  owned: DisposalStack,
  log: Logger,
): Promise<EventJournal> {
  const journal = await EventJournal.open({ directory: join(stateDir, 'events'), maximumBytes, log });
  owned.defer('the events', async () => {
    journal.publish({ type: 'daemon.stopped', timestampMs: Date.now(), message: `auraed ${version} has stopped` });
    await journal[Symbol.asyncDispose]();
  });
  journal.publish({
    type: 'daemon.started',
    timestampMs: Date.now(),
    message: `auraed ${version}`,
    attributes: { version },
  });
  return journal;
}
