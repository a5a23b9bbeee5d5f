import { meta } from '@aurae/proto';

export function workloadOf(name: string): meta.WorkloadReference {
  return { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
}
