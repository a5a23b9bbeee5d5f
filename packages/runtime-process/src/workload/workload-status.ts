import { meta, type runtime } from '@aurae/proto';
import { emptyStatus, failedStepOf } from '../exec-status.js';
import type { ExecutableSpec } from './executable-spec.js';
import { describeEnd, hasFailed, type KnownEnd, type RunEnd } from './run-end.js';
import type { LiveRun } from './live-run.js';
import type { Workload } from './workload.js';

/** A workload as the API shows it. */
export function workloadStatus(workload: Workload): runtime.ExecutableStatus {
  const { phase } = workload;
  const base = basePart(workload);
  const named = (message: string) => ({ name: workload.spec.name, message });
  switch (phase.kind) {
    case 'running':
      return { ...base, ...runningPart(phase.run), meta: named(runningMessage(phase.run)) };
    case 'waiting':
      return {
        ...base,
        ...endPart(phase.end),
        meta: named(`${describeEnd(phase.end)} It is started again.`.trim()),
        status: meta.Status.STATUS_STANDBY,
        nextStartAtMs: BigInt(phase.nextStartAtMs),
      };
    case 'ended':
      return endedRunStatus(workload, phase.end, phase.gaveUpAfter);
  }
}

/** Of one that is not started, and could be. */
export function startableStatus({ name }: ExecutableSpec): runtime.ExecutableStatus {
  return { ...emptyStatus(), meta: { name, message: '' }, status: meta.Status.STATUS_STANDBY };
}

/** How one of its runs ended. */
export function endedRunStatus(workload: Workload, end: RunEnd, gaveUpAfter?: number): runtime.ExecutableStatus {
  return {
    ...basePart(workload),
    ...endPart(end),
    meta: { name: workload.spec.name, message: [describeEnd(end), ...gaveUp(gaveUpAfter)].join(' ').trim() },
    status: endedStatus(end, gaveUpAfter),
  };
}

function basePart({ record, isStopped }: Workload): runtime.ExecutableStatus {
  return {
    ...emptyStatus(),
    restarts: record.restarts,
    stopped: isStopped,
    executable: withoutSecrets(record.executable),
  };
}

/** The values of its environment may be passwords. */
function withoutSecrets(executable: runtime.Executable): runtime.Executable {
  const names = Object.keys(executable.env);
  return names.length === 0 ? executable : { ...executable, env: Object.fromEntries(names.map((name) => [name, ''])) };
}

function runningPart(run: LiveRun) {
  return {
    status: meta.Status.STATUS_ACTIVE,
    proc: { pid: run.pid },
    startedAtMs: BigInt(run.startedAtMs),
    logLostRecords: BigInt(run.logLost),
  };
}

function runningMessage(run: LiveRun): string {
  if (run.isStuck) return 'It is being stopped, but even SIGKILL does not end it: it is stuck in the kernel.';
  return run.isStopping ? 'It is being stopped.' : '';
}

function endPart(end: RunEnd) {
  switch (end.kind) {
    case 'known':
      return exitPart(end);
    case 'unknown':
      return {
        proc: end.main && { pid: end.main.pid },
        startedAtMs: BigInt(end.startedAtMs),
        endedAtMs: BigInt(end.endedAtMs),
      };
    case 'failed-start':
      return { endedAtMs: BigInt(end.endedAtMs), errorCode: end.code, failedStep: failedStepOf(end.step) };
  }
}

function exitPart({ exit }: KnownEnd) {
  return {
    proc: { pid: exit.pid },
    exitCode: String(exit.signal > 0 ? 128 + exit.signal : exit.code),
    signal: exit.signal,
    outOfMemory: exit.oomKilled,
    logLostRecords: BigInt(exit.logLost),
    startedAtMs: BigInt(exit.startedAtMs),
    endedAtMs: BigInt(exit.endedAtMs),
    usage: {
      userCpuUs: BigInt(exit.userCpuUs),
      systemCpuUs: BigInt(exit.systemCpuUs),
      maxRssBytes: BigInt(exit.maxRssBytes),
    },
  };
}

function endedStatus(end: RunEnd, gaveUpAfter: number | undefined): meta.Status {
  if (end.kind === 'unknown') return meta.Status.STATUS_UNKNOWN;
  const isError = end.kind === 'failed-start' || (gaveUpAfter !== undefined && hasFailed(end));
  return isError ? meta.Status.STATUS_ERROR : meta.Status.STATUS_COMPLETE;
}

function gaveUp(restarts: number | undefined): string[] {
  return restarts === undefined ? [] : [`It stays down: ${restarts} restarts in a row did not help.`];
}
