import { kindNames, type WorkloadKindName } from '../values/workload-kind.js';
import { parseWorkloadText } from '../values/workload-text.js';
import type { WorkloadKey } from '../schedule/workload-key.js';

/** Who writes a log. */
export type LogOwner =
  | { readonly kind: 'workload'; readonly key: WorkloadKey }
  | { readonly kind: 'process'; readonly pid: number };

/** Somebody's log, as it is asked for. */
export interface LogTarget {
  /** As it was typed. */
  readonly label: string;
  /** Whose it may be, the likeliest first: the first one that there is, it is. */
  readonly candidates: readonly LogOwner[];
}

const pidForm = /^[1-9]\d{0,9}$/;

/** `web` is of any kind, `container/db` of its own, and `4711` a process if nothing is called so. */
export function logTarget(label: string, kind: WorkloadKindName | undefined): LogTarget {
  const key = parseWorkloadText(label, kind);
  const isKindKnown = kind !== undefined || key.name !== label;
  const kinds = isKindKnown ? [key.kind] : kindNames;
  const workloads = kinds.map((own): LogOwner => ({ kind: 'workload', key: { kind: own, name: key.name } }));
  const mayBePid = !isKindKnown && pidForm.test(label);
  return { label, candidates: mayBePid ? [...workloads, { kind: 'process', pid: Number(label) }] : workloads };
}

export function processTarget(pid: number): LogTarget {
  return { label: String(pid), candidates: [{ kind: 'process', pid }] };
}
