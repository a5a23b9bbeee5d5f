import { join } from 'node:path';
import { meta } from '@aurae/proto';
import type { DisposalStack } from '../lifecycle/disposal-stack.js';
import type { Logger } from '../logging/logger.js';
import { BackendDriver, execInside, execOnHost } from '../schedule/drivers/backend-driver.js';
import { systemScheduleClock } from '../schedule/schedule-clock.js';
import { ScheduleEngine } from '../schedule/schedule-engine.js';
import { openScheduleStore } from '../schedule/store/index.js';
import { Supervisor } from '../schedule/supervision/supervisor.js';
import type { ContainerBackend, ExecutableBackend, InstanceBackend } from '../tokens.js';

export interface ScheduledBackends {
  readonly executables: ExecutableBackend;
  readonly containers: ContainerBackend;
  readonly instances: InstanceBackend;
}

/** Opens the schedule of the node in its state directory. It begins to act once it is started. */
export async function openSchedule(
  stateDir: string,
  { executables, containers, instances }: ScheduledBackends,
  owned: DisposalStack,
  log: Logger,
): Promise<ScheduleEngine> {
  const store = await openScheduleStore(join(stateDir, 'schedule.db'), { log });
  owned.defer('the store of the schedule', async () => store[Symbol.asyncDispose]());
  const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;
  const supervisor = new Supervisor({
    drivers: [
      new BackendDriver(WORKLOAD_KIND_EXECUTABLE, executables, execOnHost(executables)),
      new BackendDriver(WORKLOAD_KIND_CONTAINER, containers, execInside(WORKLOAD_KIND_CONTAINER, containers)),
      new BackendDriver(WORKLOAD_KIND_INSTANCE, instances, execInside(WORKLOAD_KIND_INSTANCE, instances)),
    ],
    store,
    clock: systemScheduleClock,
    log,
    random: Math.random,
  });
  const engine = new ScheduleEngine(supervisor);
  owned.defer('the schedule', async () => engine[Symbol.asyncDispose]());
  return engine;
}
