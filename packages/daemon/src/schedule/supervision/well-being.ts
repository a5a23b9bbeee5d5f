import { callContext } from '@aurae/proto';
import { workloadText } from '../../logging/workload-text.js';
import { awaitReadiness, type ProbeTarget, watchLiveness } from '../probes/index.js';
import { criteriaOf } from '../spec-parts.js';
import { formatDuration } from './format-duration.js';
import type { ScheduledWorkload } from './scheduled-workload.js';
import type { SupervisedRun } from './supervised-run.js';
import type { SupervisionHost } from './supervision-host.js';

/** Asks a run by its probes whether it is ready, and then whether it is well, until it ends. */
export function watchWellBeing(workload: ScheduledWorkload, run: SupervisedRun, host: SupervisionHost): void {
  const { readiness, liveness } = criteriaOf(workload.entry.spec);
  const isKnownReady = !readiness || workload.progress.readyRun === run.id;
  if (isKnownReady) workload.becomeReady(run, false);
  if (isKnownReady && !liveness) return;
  ask(workload, run, host, isKnownReady).catch((error: unknown) => {
    if (!run.signal.aborted)
      host.log.error('A probe has failed by itself', { workload: workloadText(workload.key), error });
  });
}

async function ask(
  workload: ScheduledWorkload,
  run: SupervisedRun,
  host: SupervisionHost,
  isKnownReady: boolean,
): Promise<void> {
  const { readiness, liveness } = criteriaOf(workload.entry.spec);
  const target = probeTarget(workload, run, host);
  const options = { ranForMs: Math.max(0, host.clock.monotonic() - run.begunAt) };
  if (readiness && !isKnownReady) {
    const cancelLimit = limitReadiness(workload, run, host);
    const onFailure = (reason: string) => (run.notReadyBecause = reason);
    try {
      await awaitReadiness(readiness, target, host.clock, run.signal, { ...options, onFailure });
    } finally {
      cancelLimit();
    }
    workload.becomeReady(run, true);
  }
  if (liveness) workload.becomeUnwell(run, await watchLiveness(liveness, target, host.clock, run.signal, options));
}

function limitReadiness(workload: ScheduledWorkload, run: SupervisedRun, { clock }: SupervisionHost): () => void {
  const { readyWithinMs } = criteriaOf(workload.entry.spec);
  if (readyWithinMs === 0) return () => {};
  const remainingMs = readyWithinMs - (clock.monotonic() - run.begunAt);
  return clock.after(Math.max(0, remainingMs), () => {
    const last = run.notReadyBecause === '' ? '' : `: ${run.notReadyBecause}`;
    workload.becomeUnwell(run, `it did not become ready within ${formatDuration(readyWithinMs)}${last}`);
  });
}

function probeTarget({ key, entry }: ScheduledWorkload, run: SupervisedRun, host: SupervisionHost): ProbeTarget {
  const driver = host.driverOf(key.kind);
  return {
    exec: (argv, signal) => driver.exec(callContext({ signal }), entry.spec, argv),
    readLog: (signal) =>
      driver.readLog(callContext({ signal }), {
        workload: key,
        channel: '',
        tail: 0,
        sinceMs: BigInt(run.startedAtMs),
        untilMs: 0n,
        follow: true,
        afterSequence: 0n,
        logId: '',
      }),
  };
}
