import { type CallContext, meta, type observe } from '@aurae/proto';
import type { ExecutableBackend } from '../tokens.js';

/** Workloads by kind and state. A backend that cannot list has none to count; its own health tells why. */
export async function countWorkloads(
  executables: ExecutableBackend,
  context: CallContext,
): Promise<observe.WorkloadCount[]> {
  const kind = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE;
  const statuses = await listed(executables, context);
  const counts = new Map<meta.Status, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Array.from(counts, ([status, count]) => ({ kind, status, count }));
}

async function listed(executables: ExecutableBackend, context: CallContext): Promise<meta.Status[]> {
  try {
    const { executables: found } = await executables.list(context, { meta: undefined, all: true });
    return found.map(({ status }) => status);
  } catch {
    return [];
  }
}
