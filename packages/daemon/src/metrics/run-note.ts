import { type backend, meta } from '@aurae/proto';

/** What has been counted of a workload's newest run. */
export interface RunNote {
  /** Tells the runs of a workload apart: when it started, and after how many restarts. */
  readonly run: string;
  readonly isOver: boolean;
}

/**
 * How a run ended. `restarting`: by itself, with whatever exit code, and its policy starts it again; `not_started`: its
 * program could not be executed.
 */
export const endOutcomes = [
  'completed',
  'failed',
  'signalled',
  'out_of_memory',
  'stopped',
  'restarting',
  'not_started',
  'unknown',
] as const;
export type EndOutcome = (typeof endOutcomes)[number];

export interface NotedRun {
  readonly note: RunNote;
  /** Since the note before. */
  readonly started: boolean;
  readonly ended: EndOutcome | undefined;
}

/** What is new in an event: a backend tells a state as often as it likes. */
export function noteRun(before: RunNote | undefined, event: backend.WorkloadEvent): NotedRun {
  const run = `${event.startedAtMs}/${event.restarts}`;
  const isOver = event.status !== meta.Status.STATUS_ACTIVE;
  const isOther = before?.run !== run;
  const started = isOther && event.startedAtMs > 0n;
  const ended = isOver && (isOther || !before.isOver) ? outcomeOf(event) : undefined;
  return { note: { run, isOver }, started, ended };
}

function outcomeOf({ status, exitCode, signal, ...event }: backend.WorkloadEvent): EndOutcome {
  if (event.outOfMemory) return 'out_of_memory';
  if (event.stopped) return 'stopped';
  if (status === meta.Status.STATUS_UNKNOWN) return 'unknown';
  if (event.startedAtMs === 0n) return 'not_started';
  if (signal > 0) return 'signalled';
  if (exitCode !== '') return exitCode === '0' ? 'completed' : 'failed';
  return status === meta.Status.STATUS_STANDBY ? 'restarting' : 'failed';
}
