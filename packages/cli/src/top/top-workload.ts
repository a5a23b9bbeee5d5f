import type { meta, observe } from '@aurae/proto';
import type { WorkloadKey } from '../schedule/workload-key.js';
import type { Wellness } from '../schedule/workload-state.js';

/** How a workload is, apart from what it uses. */
export interface ListedWorkload {
  readonly key: WorkloadKey;
  readonly status: meta.Status;
  readonly wellness: Wellness;
  /** In few words: `running`, `restarting in 5s`. */
  readonly state: string;
  /** Unix milliseconds; 0 when it does not run, or nobody knows. */
  readonly startedAtMs: number;
  /** Undefined where nobody counts them. */
  readonly restarts: number | undefined;
}

/** What a workload uses, and has used lately. */
export interface MeasuredUsage {
  readonly usage: observe.WorkloadUsage;
  /** 100 is one processor; undefined before there are two samples. */
  readonly cpuPercent: number | undefined;
  /** The newest last, at most `trendLength`. */
  readonly cpuTrend: readonly number[];
  readonly memoryTrend: readonly number[];
}

export interface TopWorkload extends ListedWorkload {
  readonly measured: MeasuredUsage | undefined;
}

/** Whether its memory has a limit, as far as is known. */
export function hasLimit({ measured }: TopWorkload): boolean {
  return measured !== undefined && measured.usage.memoryLimitBytes > 0n;
}

/** What the node has. */
export interface TopNode {
  readonly cpus: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
}

export const trendLength = 60;

/** Names a workload in a map. */
export function textOfKey({ kind, name }: WorkloadKey): string {
  return `${kind}/${name}`;
}
