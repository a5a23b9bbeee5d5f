import type { KernelUnits } from './kernel-units.js';
import type { ProcessSample } from './process-sample.js';

/** What the processes of a workload use together. */
export interface ProcessSum {
  readonly cpuUs: number;
  /** Resident: a page that several of them share counts for each. */
  readonly memoryBytes: number;
  /** As the pids controller counts: threads, and processes that have ended and were not waited for. */
  readonly tasks: number;
}

/**
 * `shim` has waited for what was orphaned: so nothing is missing but what somebody ended without a wait, such as a
 * program that ignores SIGCHLD.
 */
export function sumProcesses(
  members: readonly ProcessSample[],
  shim: ProcessSample | undefined,
  { pageBytes, tickUs }: KernelUnits,
): ProcessSum {
  let ticks = shim?.endedChildrenTicks ?? 0;
  let pages = 0;
  let tasks = 0;
  for (const { ownTicks, endedChildrenTicks, residentPages, threads } of members) {
    ticks += ownTicks + endedChildrenTicks;
    pages += residentPages;
    // One that is dead and was not waited for has none, and is counted all the same.
    tasks += Math.max(1, threads);
  }
  return { cpuUs: ticks * tickUs, memoryBytes: pages * pageBytes, tasks };
}
