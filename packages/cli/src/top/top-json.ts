import { meta, observe } from '@aurae/proto';
import { referenceOf } from '../schedule/workload-key.js';
import type { TopSnapshot } from './top-source.js';
import type { TopWorkload } from './top-workload.js';

/** One sample for a program: what the API tells, and the rate that takes two of its samples. */
export function topJson({ node, workloads, usageNotice }: TopSnapshot, nowMs: number): object {
  return {
    timestampMs: String(nowMs),
    cpus: node.cpus,
    memoryTotalBytes: String(node.memoryTotalBytes),
    memoryAvailableBytes: String(node.memoryAvailableBytes),
    workloads: workloads.map(workloadJson),
    ...(usageNotice === '' ? {} : { notice: usageNotice }),
  };
}

function workloadJson({ key, status, state, startedAtMs, restarts, measured }: TopWorkload): object {
  const { cpuPercent, usage } = measured ?? {};
  return {
    workload: meta.WorkloadReference.toJSON(referenceOf(key)),
    status: meta.statusToJSON(status),
    state,
    ...(startedAtMs > 0 ? { startedAtMs: String(startedAtMs) } : {}),
    ...(restarts === undefined ? {} : { restarts }),
    ...(cpuPercent === undefined ? {} : { cpuPercent: Math.round(cpuPercent * 10) / 10 }),
    ...(usage ? (observe.WorkloadUsage.toJSON(usage) as object) : {}),
  };
}
