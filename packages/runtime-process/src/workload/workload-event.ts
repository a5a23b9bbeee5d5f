import { backend, meta } from '@aurae/proto';
import type { Workload } from './workload.js';
import { workloadStatus } from './workload-status.js';

/** The state of a workload, as an event. */
export function workloadEvent(workload: Workload): backend.WorkloadEvent {
  const state = workloadStatus(workload);
  const { status, proc, exitCode, meta: named, outOfMemory, stopped, startedAtMs, signal, restarts } = state;
  return backend.WorkloadEvent.fromPartial({
    workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: workload.spec.name },
    status,
    // Of one that has ended, when that was: it may be told of much later.
    timestampMs: workload.isOver && state.endedAtMs > 0n ? state.endedAtMs : BigInt(Date.now()),
    ...(proc ? { proc } : {}),
    exitCode: status === meta.Status.STATUS_COMPLETE ? exitCode : '',
    message: named?.message ?? '',
    outOfMemory,
    stopped,
    labels: workload.executable.labels,
    startedAtMs,
    signal,
    restarts,
  });
}

/** It had ended, and is forgotten. */
export function removalEvent(workload: Workload): backend.WorkloadEvent {
  return { ...workloadEvent(workload), timestampMs: BigInt(Date.now()), removed: true };
}

/** What is known has been told, and what follows are changes. */
export function inSyncEvent(): backend.WorkloadEvent {
  return backend.WorkloadEvent.fromPartial({ inSync: true, timestampMs: BigInt(Date.now()) });
}
