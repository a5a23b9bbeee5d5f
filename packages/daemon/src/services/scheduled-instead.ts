import { isAuraeError, NotFoundError } from '@aurae/proto';
import { outcomeMessage } from '../schedule/decision-messages.js';
import type { ScheduleEngine } from '../schedule/schedule-engine.js';
import { shownKey, type WorkloadKey } from '../schedule/workload-key.js';

/** What the backend has never run may be scheduled nevertheless: then that is what a person should hear. */
export async function tellIfScheduled<Result>(
  engine: ScheduleEngine,
  key: WorkloadKey,
  action: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw scheduledInstead(engine, key, action, error);
  }
}

/** The same for a failure that has happened. */
export function scheduledInstead(engine: ScheduleEngine, key: WorkloadKey, action: string, error: unknown): unknown {
  const workload = isAuraeError(error) && error.reason === 'NOT_FOUND' ? engine.supervisor.scheduled(key) : undefined;
  if (!workload) return error;
  const state = outcomeMessage(engine.describe(workload));
  return new NotFoundError(
    `Cannot ${action} ${shownKey(key)}: it is scheduled and does not run (${state}). \`aurae why ${key.name}\` tells more`,
    { cause: error },
  );
}
