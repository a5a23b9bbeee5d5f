import type { meta } from '@aurae/proto';

/** What tells workloads of all kinds apart, for maps. */
export function workloadKey({ kind, name }: meta.WorkloadReference): string {
  return `${kind}/${name}`;
}
