import type { meta } from '@aurae/proto';

/** The numbers of the enum are on the wire; to name them would load the whole API for `--help`. */
export const workloadKinds = { executable: 1, container: 2, instance: 3 } as const satisfies Record<
  string,
  meta.WorkloadKind
>;

export type WorkloadKindName = keyof typeof workloadKinds;

export const kindNames = Object.keys(workloadKinds) as WorkloadKindName[];

/** `executable` of its number; undefined when there is no such kind. */
export function nameOfKind(kind: meta.WorkloadKind): WorkloadKindName | undefined {
  return kindNames.find((name) => workloadKinds[name] === kind);
}
