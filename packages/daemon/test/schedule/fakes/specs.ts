import { meta, runtime } from '@aurae/proto';
import type { WorkloadKey, WorkloadSpec } from '../../../src/schedule/workload-key.js';

const { WORKLOAD_KIND_EXECUTABLE } = meta.WorkloadKind;

export type ExecutableParts = runtime.DeepPartial<runtime.Executable>;

export function key(name: string): WorkloadKey {
  return { kind: WORKLOAD_KIND_EXECUTABLE, name };
}

export function executable(name: string, parts: ExecutableParts = {}): WorkloadSpec {
  const all: ExecutableParts = { meta: { name }, command: `run ${name}`, ...parts };
  const value = runtime.Executable.fromPartial(all);
  return { $case: 'executable', value };
}

export function after(
  name: string,
  condition = runtime.DependencyCondition.DEPENDENCY_CONDITION_READY,
): runtime.Dependency {
  return { workload: { kind: 0, name }, condition };
}

/** One that waits for others, as soon as they are ready. */
export function dependent(name: string, ...on: string[]): WorkloadSpec {
  return executable(name, { criteria: { after: on.map((one) => after(one)) } });
}

export const restartAlways = { mode: runtime.RestartMode.RESTART_MODE_ALWAYS };
export const restartOnFailure = { mode: runtime.RestartMode.RESTART_MODE_ON_FAILURE };

export function everyMs(milliseconds: number, missed = runtime.MissedRuns.MISSED_RUNS_SKIP): runtime.Timer {
  return { when: { $case: 'intervalMs' as const, value: BigInt(milliseconds) }, missed };
}

export function cron(expression: string, missed = runtime.MissedRuns.MISSED_RUNS_SKIP): runtime.Timer {
  return { when: { $case: 'cron' as const, value: { expression, timeZone: 'UTC' } }, missed };
}

/** A probe that the driver's `execAnswer` answers. */
export function execProbe(argv: string, parts: Partial<runtime.Probe> = {}): runtime.Probe {
  const defaults = { initialDelayMs: 0, intervalMs: 0, timeoutMs: 0, failureThreshold: 0 };
  return { check: { $case: 'exec', value: { argv: [argv] } }, ...defaults, ...parts };
}
