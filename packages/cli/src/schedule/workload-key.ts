import { executableName, type meta, namedWorkloadName, type schedule } from '@aurae/proto';
import { quoteCommand } from '../shell-quote.js';
import { nameOfKind, type WorkloadKindName, workloadKinds } from '../values/workload-kind.js';

/** Identity of a scheduled workload. */
export interface WorkloadKey {
  readonly kind: WorkloadKindName;
  readonly name: string;
}

export type WorkloadSpec = NonNullable<schedule.ScheduleRecord['workload']>;

export function keyOfSpec(spec: WorkloadSpec): WorkloadKey {
  const name = spec.$case === 'executable' ? executableName(spec.value) : namedWorkloadName(spec.value);
  return { kind: spec.$case, name };
}

/** Undefined for what this version does not know. */
export function keyOfReference(reference: meta.WorkloadReference | undefined): WorkloadKey | undefined {
  const kind = reference && nameOfKind(reference.kind);
  return kind && { kind, name: reference.name };
}

export function referenceOf({ kind, name }: WorkloadKey): meta.WorkloadReference {
  return { kind: workloadKinds[kind], name };
}

/** As `--after` takes it: `web`, `container/db`. */
export function shownKey({ kind, name }: WorkloadKey): string {
  return kind === 'executable' ? name : `${kind}/${name}`;
}

/** As a message has it: `"web"`, `container "db"`. */
export function quotedKey({ kind, name }: WorkloadKey): string {
  const quoted = JSON.stringify(name);
  return kind === 'executable' ? quoted : `${kind} ${quoted}`;
}

/** The words by which a command of aurae names it. */
export function wordsOfKey({ kind, name }: WorkloadKey): string {
  return kind === 'executable' ? quoteCommand([name]) : `--kind ${kind} ${quoteCommand([name])}`;
}
