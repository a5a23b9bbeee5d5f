import { meta } from '@aurae/proto';
import { BackendDriver, execInside, execOnHost } from '../schedule/drivers/backend-driver.js';
import type { WorkloadDriver } from '../schedule/drivers/workload-driver.js';
import type { ContainerBackend, ExecutableBackend, InstanceBackend } from '../tokens.js';

export interface WorkloadBackends {
  readonly executables: ExecutableBackend;
  readonly containers: ContainerBackend;
  readonly instances: InstanceBackend;
}

/** The backends as the schedule and the observation of workloads need them: alike, whatever the kind. */
export function backendDrivers({ executables, containers, instances }: WorkloadBackends): WorkloadDriver[] {
  const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;
  return [
    new BackendDriver(WORKLOAD_KIND_EXECUTABLE, executables, execOnHost(executables)),
    new BackendDriver(WORKLOAD_KIND_CONTAINER, containers, execInside(WORKLOAD_KIND_CONTAINER, containers)),
    new BackendDriver(WORKLOAD_KIND_INSTANCE, instances, execInside(WORKLOAD_KIND_INSTANCE, instances)),
  ];
}
