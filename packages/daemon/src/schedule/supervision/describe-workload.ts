import { meta, schedule } from '@aurae/proto';
import type { ScheduledWorkload } from './scheduled-workload.js';

/** A scheduled workload as the API shows it. */
export function describeWorkload(workload: ScheduledWorkload, waitingFor: readonly meta.WorkloadReference[]) {
  const { entry, key, progress, plan, run } = workload;
  const nextStartAtMs = plan.kind === 'pause' ? plan.nextStartAtMs : entry.enabled ? (workload.nextDueMs ?? 0) : 0;
  return schedule.ScheduledWorkload.fromPartial({
    workload: key,
    enabled: entry.enabled,
    ...stateOf(workload),
    ...(run && run.pid > 0 ? { proc: { pid: run.pid } } : {}),
    startedAtMs: BigInt(run?.startedAtMs ?? 0),
    ready: workload.isReady,
    restarts: progress.restarts,
    nextStartAtMs: BigInt(nextStartAtMs),
    ...lastExit(workload),
    waitingFor: [...waitingFor],
    revision: BigInt(entry.revision),
    decidedAtMs: BigInt(entry.decidedAtMs),
  });
}

/** Its state alone. */
export function statusOf(workload: ScheduledWorkload): meta.Status {
  return stateOf(workload).status;
}

interface State {
  readonly status: meta.Status;
  readonly message: string;
}

function stateOf(workload: ScheduledWorkload): State {
  const { run, entry, plan } = workload;
  if (run) return runningState(workload);
  if (!entry.enabled) return state(meta.Status.STATUS_PASSIVE, '');
  switch (plan.kind) {
    case 'due':
      return state(meta.Status.STATUS_STANDBY, dueMessage(workload));
    case 'pause':
      return state(meta.Status.STATUS_STANDBY, plan.message);
    case 'timer':
      return state(meta.Status.STATUS_STANDBY, 'waits for its timer');
    case 'done':
      return state(meta.Status.STATUS_COMPLETE, '');
    case 'failed':
      return state(meta.Status.STATUS_ERROR, plan.reason);
    case 'held':
      return state(meta.Status.STATUS_COMPLETE, 'stopped by hand; it stays down until it is enabled again');
  }
}

function runningState({ run, isReady, entry }: ScheduledWorkload): State {
  const isStopping = run?.stopCause !== undefined;
  if (!entry.enabled) return state(meta.Status.STATUS_PASSIVE, 'is being stopped');
  if (isStopping) return state(meta.Status.STATUS_ACTIVE, stopMessages[run.stopCause?.kind ?? 'not-wanted']);
  if (run?.phase === 'starting') return state(meta.Status.STATUS_STANDBY, 'is being started');
  return state(meta.Status.STATUS_ACTIVE, isReady ? '' : notReady(run?.notReadyBecause ?? ''));
}

const stopMessages = {
  'not-wanted': 'is being stopped',
  replaced: 'is being stopped, since its spec has changed',
  unwell: 'is being stopped, since it is unwell',
} as const;

function notReady(reason: string): string {
  return reason === '' ? 'not ready yet' : `not ready yet: ${reason}`;
}

function dueMessage({ waitingFor, unknownBecause }: ScheduledWorkload): string {
  if (unknownBecause !== undefined) return `waits for its backend: ${unknownBecause}`;
  return waitingFor === '' ? 'is about to start' : `waits for ${waitingFor}`;
}

function state(status: meta.Status, message: string): State {
  return { status, message };
}

function lastExit({ progress: { lastOutcome } }: ScheduledWorkload) {
  return lastOutcome ? { lastExit: { ...lastOutcome, endedAtMs: BigInt(lastOutcome.endedAtMs) } } : {};
}
