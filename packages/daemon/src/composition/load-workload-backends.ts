import { meta } from '@aurae/proto';
import type { Config } from '../config/config-schema.js';
import type { Logger } from '../logging/logger.js';
import { WorkloadUsageReader } from '../services/workload-usage.js';
import { tracedBackend } from '../tracing/traced-backend.js';
import type { Tracing } from '../tracing/tracing.js';
import type { WorkloadBackends } from './backend-drivers.js';
import type { BackendLoader } from './backend-loader.js';

export interface LoadedBackends {
  readonly backends: WorkloadBackends;
  readonly usage: WorkloadUsageReader;
}

/** The backend of each kind of workload. What it runs learns its place in the trace of its caller, whoever records that. */
export async function loadWorkloadBackends(
  choices: Config['backends'],
  loader: BackendLoader,
  tracing: Tracing,
  log: Logger,
): Promise<LoadedBackends> {
  const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;
  const traced = <Backend extends object>(kind: meta.WorkloadKind, backend: Backend): Backend =>
    tracedBackend(kind, backend, tracing);
  const executables = traced(WORKLOAD_KIND_EXECUTABLE, await loader.load('executable', choices.executable));
  const containers = traced(WORKLOAD_KIND_CONTAINER, await loader.load('container', choices.container));
  const instances = traced(WORKLOAD_KIND_INSTANCE, await loader.load('instance', choices.instance));
  const usage = new WorkloadUsageReader(
    [
      { kind: WORKLOAD_KIND_EXECUTABLE, backend: executables },
      { kind: WORKLOAD_KIND_CONTAINER, backend: containers },
      { kind: WORKLOAD_KIND_INSTANCE, backend: instances },
    ],
    log.forComponent('usage'),
  );
  return { backends: { executables, containers, instances }, usage };
}
