import { runtime } from '@aurae/proto';
import { checkProbe } from './probes/index.js';
import { inNameOf, refusedSpec } from './refused-spec.js';
import { ownLabelFault } from './schedule-mark.js';
import { criteriaOf, wireName } from './spec-parts.js';
import { checkTimer } from './timers/index.js';
import { keyOf, type WorkloadKey, type WorkloadSpec } from './workload-key.js';

const longestDurationMs = 86_400_000;

/** Throws InvalidSpecError for what of a spec is the schedule's and cannot be right. The rest is for the backend to check. */
export function checkSpec(spec: WorkloadSpec): void {
  const key = keyOf(spec);
  const refuse = (field: string, description: string): never => {
    throw refusedSpec(key, field, description);
  };
  if (key.name === '') refuse('meta.name', 'it has neither a name nor a command');
  const labelFault = ownLabelFault(spec.value.labels);
  if (labelFault !== undefined) refuse('labels', labelFault);
  checkRestart(spec, refuse);
  const { timer, readiness, liveness, readyWithinMs } = criteriaOf(spec);
  if (timer) checkPart(key, () => checkTimer(timer));
  if (readiness) checkPart(key, () => checkProbe(readiness, 'criteria.readiness', 'readiness'));
  if (liveness) checkPart(key, () => checkProbe(liveness, 'criteria.liveness', 'liveness'));
  if (readyWithinMs > 0 && !readiness) {
    refuse('criteria.ready_within_ms', 'it is to be ready within a time, and has no readiness probe');
  }
  if (readyWithinMs > longestDurationMs) refuse('criteria.ready_within_ms', `${readyWithinMs} ms are more than a day`);
}

function checkPart(key: WorkloadKey, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw inNameOf(key, error);
  }
}

type Refuse = (field: string, description: string) => never;

function checkRestart(spec: WorkloadSpec, refuse: Refuse): void {
  const { restart } = spec.value;
  if (!restart) return;
  const { mode, firstPauseMs, longestPauseMs, stableAfterMs } = restart;
  if (!(mode in runtime.RestartMode) || mode < 0) refuse('restart.mode', `there is no restart mode of number ${mode}`);
  if (mode === runtime.RestartMode.RESTART_MODE_ALWAYS && criteriaOf(spec).timer) {
    refuse('restart.mode', 'with a timer it cannot be restarted always: choose on-failure or never');
  }
  for (const [field, value] of Object.entries({ firstPauseMs, longestPauseMs, stableAfterMs })) {
    if (value <= longestDurationMs) continue;
    const name = wireName(field);
    refuse(`restart.${name}`, `the ${name} of the restart policy, ${value}, is more than a day (${longestDurationMs})`);
  }
  if (longestPauseMs > 0 && firstPauseMs > longestPauseMs) {
    refuse(
      'restart.first_pause_ms',
      `the first pause, ${firstPauseMs} ms, is longer than the longest, ${longestPauseMs} ms`,
    );
  }
}
