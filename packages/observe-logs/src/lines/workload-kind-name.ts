import { meta } from '@aurae/proto';

const names: Readonly<Partial<Record<meta.WorkloadKind, string>>> = {
  [meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE]: 'executable',
  [meta.WorkloadKind.WORKLOAD_KIND_CONTAINER]: 'container',
  [meta.WorkloadKind.WORKLOAD_KIND_INSTANCE]: 'instance',
};

/** The kind as a person writes it; `workload` for one that this version does not know. */
export function workloadKindName(kind: meta.WorkloadKind): string {
  return names[kind] ?? 'workload';
}
