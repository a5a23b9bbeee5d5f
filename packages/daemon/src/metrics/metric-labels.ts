import { createHash } from 'node:crypto';
import { kindWord, meta } from '@aurae/proto';

/** Longer names are cut: they are commands, which may have any length. */
const longestName = 128;

export interface WorkloadLabels {
  readonly kind: string;
  readonly name: string;
}

/** Two workloads never have the same. */
export function workloadLabels({ kind, name }: meta.WorkloadReference): WorkloadLabels {
  return { kind: kindWord(kind), name: name.length <= longestName ? name : shortened(name) };
}

function shortened(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12);
  // Half of a character outside of the basic plane is none.
  return `${name.slice(0, longestName - digest.length - 1).replace(/[\uD800-\uDBFF]$/, '')}#${digest}`;
}

const { STATUS_STANDBY, STATUS_ACTIVE, STATUS_PASSIVE, STATUS_ERROR, STATUS_COMPLETE } = meta.Status;
const stateLabels: ReadonlyMap<meta.Status, string> = new Map([
  [STATUS_STANDBY, 'standby'],
  [STATUS_ACTIVE, 'active'],
  [STATUS_PASSIVE, 'passive'],
  [STATUS_ERROR, 'error'],
  [STATUS_COMPLETE, 'complete'],
]);

export function stateLabel(status: meta.Status): string {
  return stateLabels.get(status) ?? 'unknown';
}

/** All that `stateLabel` answers with. */
export const allStateLabels: readonly string[] = [...stateLabels.values(), 'unknown'];
