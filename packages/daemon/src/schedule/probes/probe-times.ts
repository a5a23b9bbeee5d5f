import type { runtime } from '@aurae/proto';
import type { ProbeUse } from './check-probe.js';
import type { ProbeOptions } from './probe-options.js';

const defaultIntervalMs = { readiness: 1000, liveness: 10_000 } as const;
const defaultTimeoutMs = 1000;
const defaultFailureThreshold = 3;

export interface ProbeTimes {
  /** Until the first question. */
  readonly delayMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
}

/** Of a probe, the defaults filled in. */
export function probeTimes(probe: runtime.Probe, use: ProbeUse, { ranForMs = 0 }: ProbeOptions): ProbeTimes {
  return {
    delayMs: Math.max(0, probe.initialDelayMs - ranForMs),
    intervalMs: probe.intervalMs || defaultIntervalMs[use],
    timeoutMs: probe.timeoutMs || defaultTimeoutMs,
    failureThreshold: probe.failureThreshold || defaultFailureThreshold,
  };
}
