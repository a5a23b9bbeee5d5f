import { EventRecorder } from '../events/event-recorder.js';
import type { EventJournal } from '../events/event-journal.js';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import { WorkloadNews, type WorkloadNewsListener } from '../observation/workload-news.js';
import type { WorkloadDriver } from '../schedule/drivers/workload-driver.js';
import { systemScheduleClock } from '../schedule/schedule-clock.js';

/**
 * Follows what becomes of workloads of every kind. The news begin once the events of before are read, which nobody waits
 * for.
 */
export function observeWorkloads(
  drivers: readonly WorkloadDriver[],
  journal: EventJournal,
  listeners: readonly WorkloadNewsListener[],
  owned: DisposalStack,
  log: Logger,
): WorkloadNews {
  const news = new WorkloadNews({ drivers, clock: systemScheduleClock, log });
  const over = new AbortController();
  const recorder = new EventRecorder(journal);
  const begun = recorder.resume(over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) log.error('Cannot read the events of before: some may be told again', { error });
  });
  const started = begun.then(() => {
    if (over.signal.aborted) return;
    for (const listener of [recorder, ...listeners]) news.add(listener);
    news.start();
  });
  owned.defer('the observation of workloads', async () => {
    over.abort();
    await started;
    await news[Symbol.asyncDispose]();
  });
  return news;
}
