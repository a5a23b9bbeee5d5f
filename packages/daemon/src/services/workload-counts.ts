import { type CallContext, meta, type observe } from '@aurae/proto';
import { statusOf } from '../schedule/supervision/describe-workload.js';
import type { ExecutableBackend, ScheduleEngine } from '../tokens.js';

/** Workloads by kind and state. A backend that cannot list has none to count; its own health tells why. */
export async function countWorkloads(
  executables: ExecutableBackend,
  context: CallContext,
): Promise<observe.WorkloadCount[]> {
  const kind = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE;
  return counted((await listed(executables, context)).map((status) => ({ kind, status })));
}

/** What is scheduled, by kind and state. */
export function countScheduled({ supervisor }: ScheduleEngine): observe.WorkloadCount[] {
  return counted(supervisor.all().map((workload) => ({ kind: workload.key.kind, status: statusOf(workload) })));
}

function counted(states: readonly Omit<observe.WorkloadCount, 'count'>[]): observe.WorkloadCount[] {
  const counts = new Map<string, observe.WorkloadCount>();
  for (const { kind, status } of states) {
    const count = (counts.get(`${kind}/${status}`)?.count ?? 0) + 1;
    counts.set(`${kind}/${status}`, { kind, status, count });
  }
  return [...counts.values()];
}

async function listed(executables: ExecutableBackend, context: CallContext): Promise<meta.Status[]> {
  try {
    const { executables: found } = await executables.list(context, { meta: undefined, all: true });
    return found.map(({ status }) => status);
  } catch {
    return [];
  }
}
