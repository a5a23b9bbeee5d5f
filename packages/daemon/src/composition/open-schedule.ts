import { join } from 'node:path';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import type { WorkloadPulse } from '../observation/workload-pulse.js';
import type { WorkloadDriver } from '../schedule/drivers/workload-driver.js';
import { systemScheduleClock } from '../schedule/schedule-clock.js';
import { ScheduleEngine } from '../schedule/schedule-engine.js';
import { openScheduleStore } from '../schedule/store/index.js';
import type { ScheduleStore } from '../schedule/store/schedule-store.js';
import { Supervisor } from '../schedule/supervision/supervisor.js';

export interface ScheduleParts {
  readonly stateDir: string;
  readonly drivers: readonly WorkloadDriver[];
  readonly log: Logger;
  readonly pulse: WorkloadPulse;
  /** Puts those around the store who want to see what goes in. */
  readonly observed: (store: ScheduleStore) => ScheduleStore;
}

/** Opens the schedule of the node in its state directory. It begins to act once it is started. */
export async function openSchedule(
  { stateDir, drivers, log, pulse, observed }: ScheduleParts,
  owned: DisposalStack,
): Promise<ScheduleEngine> {
  const store = await openScheduleStore(join(stateDir, 'schedule.db'), { log });
  owned.defer('the store of the schedule', async () => store[Symbol.asyncDispose]());
  const clock = systemScheduleClock;
  const supervisor = new Supervisor({ drivers, store: observed(store), clock, log, pulse, random: Math.random });
  const engine = new ScheduleEngine(supervisor);
  owned.defer('the schedule', async () => engine[Symbol.asyncDispose]());
  return engine;
}
