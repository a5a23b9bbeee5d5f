import { join } from 'node:path';
import { EventJournal } from '../events/event-journal.js';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import { version } from '../version.js';

const stopped = 'daemon.stopped';

/** Opens the history of the node. What is published until its end is kept for the next daemon. */
export async function openEvents(
  stateDir: string,
  maximumBytes: number,
  owned: DisposalStack,
  log: Logger,
): Promise<EventJournal> {
  const journal = await EventJournal.open({ directory: join(stateDir, 'events'), maximumBytes, log });
  const before = await journal.last();
  owned.defer('the events', async () => {
    journal.publish({ type: stopped, timestampMs: Date.now(), message: `auraed ${version} has stopped` });
    await journal[Symbol.asyncDispose]();
  });
  const wasCutOff = before !== undefined && before.type !== stopped;
  if (wasCutOff) log.warn('The daemon before did not stop in order: it was killed, or has crashed, or the machine has');
  journal.publish({
    type: 'daemon.started',
    timestampMs: Date.now(),
    message: `auraed ${version}${wasCutOff ? '; the one before did not stop in order' : ''}`,
    attributes: { version, ...(wasCutOff ? { after_crash: 'true' } : {}) },
  });
  return journal;
}
