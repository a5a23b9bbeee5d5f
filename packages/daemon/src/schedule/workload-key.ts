import { executableName, InvalidSpecError, kindWord, meta, namedWorkloadName, type schedule } from '@aurae/proto';

/** A workload of any kind, as it is to be. */
export type WorkloadSpec = NonNullable<schedule.ScheduleRecord['workload']>;

/** Identity of a workload. */
export type WorkloadKey = Readonly<meta.WorkloadReference>;

const kinds = {
  executable: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
  container: meta.WorkloadKind.WORKLOAD_KIND_CONTAINER,
  instance: meta.WorkloadKind.WORKLOAD_KIND_INSTANCE,
} as const;

export function keyOf(spec: WorkloadSpec): WorkloadKey {
  const name = spec.$case === 'executable' ? executableName(spec.value) : namedWorkloadName(spec.value);
  return { kind: kinds[spec.$case], name };
}

/** The key that a request names; without a kind it is an executable. Throws InvalidSpecError without a name. */
export function requestedKey(reference: meta.WorkloadReference | undefined): WorkloadKey {
  if (reference?.name) return { kind: reference.kind || kinds.executable, name: reference.name };
  const description = 'the request names no workload';
  throw new InvalidSpecError(`Cannot find the workload: ${description}`, [{ field: 'workload.name', description }]);
}

/** The key as a string, for maps. */
export function keyText({ kind, name }: WorkloadKey): string {
  return `${kind}/${name}`;
}

/** For a person: `"web"`; the kind comes with it where it is not an executable. Names may be commands of any length. */
export function shownKey({ kind, name }: WorkloadKey): string {
  const shown = name.length <= 200 ? name : `${name.slice(0, 200)}…`;
  return kind === kinds.executable ? `"${shown}"` : `${kindWord(kind)} "${shown}"`;
}
