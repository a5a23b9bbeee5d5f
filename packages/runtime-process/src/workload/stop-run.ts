import { FailedPreconditionError, unlessAborted } from '@aurae/proto';
import { killLimitMs } from '../termination.js';
import type { Workload } from './workload.js';

/** On top of what the ladder takes: for its end to be written down and told. */
const marginMs = 2000;

/**
 * Begins the stop ladder and waits for its end. When the call's signal aborts, only the waiting ends: the ladder goes
 * on in the shim. Rejects with `FailedPreconditionError` where even KILL did not end it.
 */
export async function stopRun(workload: Workload, number: number, graceMs: number, call: AbortSignal): Promise<void> {
  const { phase } = workload;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(stuck(workload)), graceMs + killLimitMs + marginMs);
  const signal = AbortSignal.any([call, limit.signal]);
  try {
    if (phase.kind === 'running') await phase.run.stop(number, graceMs, signal);
    await unlessAborted(workload.finished, signal);
  } finally {
    clearTimeout(timer);
  }
}

function stuck({ spec, phase }: Workload): FailedPreconditionError {
  const pid = phase.kind === 'running' ? ` (pid ${phase.run.pid})` : '';
  return new FailedPreconditionError(
    `Cannot stop "${spec.name}"${pid} yet: even SIGKILL did not end it, so it is stuck in the kernel, as a process is that ` +
      'waits for a file system which does not answer. It ends as soon as the kernel lets go of it',
  );
}
