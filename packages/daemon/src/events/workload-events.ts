import { type backend, kindWord, meta } from '@aurae/proto';
import { howItEnded, outcomeOf } from '../schedule/supervision/run-outcome.js';
import type { EventDraft } from './event-draft.js';

/** What was last told of a workload: as much as tells whether something else is news. */
export interface ToldState {
  readonly type: string;
  /** Of the run, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** What a change of a workload is as an event, unless it was told already. */
export function workloadEventOf(
  event: backend.WorkloadEvent,
  told: ToldState | undefined,
): { readonly draft: EventDraft; readonly state: ToldState } | undefined {
  const state = { type: typeOf(event), startedAtMs: Number(event.startedAtMs) };
  if (told && told.type === state.type && told.startedAtMs === state.startedAtMs) return undefined;
  return { draft: draftOf(event, state.type), state };
}

function typeOf({ status, stopped, removed }: backend.WorkloadEvent): string {
  if (removed) return 'workload.removed';
  switch (status) {
    case meta.Status.STATUS_ACTIVE:
      return stopped ? 'workload.stopping' : 'workload.started';
    case meta.Status.STATUS_STANDBY:
      return 'workload.restarting';
    case meta.Status.STATUS_ERROR:
      return 'workload.failed';
    default:
      return 'workload.ended';
  }
}

function draftOf(event: backend.WorkloadEvent, type: string): EventDraft {
  const { workload, status, proc, exitCode, outOfMemory, signal, restarts, startedAtMs } = event;
  const isStart = type === 'workload.started';
  const attributes = {
    ...(proc && proc.pid > 0 ? { pid: String(proc.pid) } : {}),
    ...(exitCode === '' ? {} : { exit_code: exitCode }),
    ...(signal > 0 ? { signal: String(signal) } : {}),
    ...(outOfMemory ? { out_of_memory: 'true' } : {}),
    ...(restarts > 0 ? { restarts: String(restarts) } : {}),
    ...(startedAtMs > 0n && !isStart ? { started_at_ms: String(startedAtMs) } : {}),
    ...(event.stopped && !isStart ? { stopped: 'true' } : {}),
  };
  return {
    type,
    timestampMs: Number(isStart && startedAtMs > 0n ? startedAtMs : event.timestampMs) || Date.now(),
    workload,
    status,
    message: messageOf(event, type),
    attributes,
  };
}

function messageOf(event: backend.WorkloadEvent, type: string): string {
  switch (type) {
    case 'workload.started':
      return event.message || 'runs';
    case 'workload.removed':
      return `the ${kindWord(event.workload?.kind ?? 0)} is forgotten, with its log`;
    case 'workload.stopping':
      return event.message || 'is being stopped';
    case 'workload.failed':
      return event.message || 'has failed';
    default:
      return event.message || howItEnded(outcomeOf(event, Number(event.timestampMs)));
  }
}
