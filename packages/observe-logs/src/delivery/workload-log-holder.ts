import type { meta } from '@aurae/proto';

/** Keeps the logs of workloads from being let go before a sink has them, up to a bound of its own. */
export interface WorkloadLogHolder {
  /** From this sequence number on the log is kept; it replaces what was said before. Called after every batch: cheap. */
  hold(workload: meta.WorkloadReference, fromSequence: bigint): void;
  /** Nothing of the log is kept for the sink any more. Twice is harmless. */
  release(workload: meta.WorkloadReference): void;
  /** What is kept for the sink beyond the bounds of the logs. */
  readonly heldBytes: number;
}
