import { runtime, schedule } from '@aurae/proto';
import type { WorkloadKey, WorkloadSpec } from './workload-key.js';

/** What of a spec is for the schedule. */
export function criteriaOf(spec: WorkloadSpec): runtime.RunCriteria {
  return spec.value.criteria ?? noCriteria;
}

const noCriteria = runtime.RunCriteria.fromPartial({});

/** What of a spec a backend starts: what follows the end, and when to start, is for the schedule to decide. */
export function startedSpec(spec: WorkloadSpec, labels: Readonly<Record<string, string>>): WorkloadSpec {
  const value = { ...spec.value, restart: undefined, criteria: undefined, labels: { ...spec.value.labels, ...labels } };
  return { ...spec, value } as WorkloadSpec;
}

/** A workload that it waits for, with its kind. */
export interface DependencyOn {
  readonly key: WorkloadKey;
  readonly condition: runtime.DependencyCondition;
}

export function dependenciesOf(key: WorkloadKey, spec: WorkloadSpec): DependencyOn[] {
  return criteriaOf(spec).after.map(({ workload, condition }) => ({
    key: { kind: workload?.kind || key.kind, name: workload?.name ?? '' },
    condition,
  }));
}

/** The same in content, whatever the order of their maps. */
export function isSameSpec(one: WorkloadSpec, other: WorkloadSpec): boolean {
  return one.$case === other.$case && differingFields(one, other).length === 0;
}

/** The fields in which two specs of one kind differ, as the wire names them; `env.KEY` for a variable. */
export function differingFields(one: WorkloadSpec, other: WorkloadSpec): string[] {
  if (bytesOf(one).equals(bytesOf(other))) return [];
  const [first, second] = [fieldsOf(one), fieldsOf(other)];
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  return [...names].filter((name) => first[name] !== second[name]).sort();
}

/** Equal bytes mean equal specs; the reverse does not hold, since maps have no order. */
export function bytesOf(spec: WorkloadSpec): Buffer {
  return Buffer.from(schedule.ScheduleRecord.encode({ workload: spec, disabled: false }).finish());
}

/** Fields of which the parts are of interest. */
const opened = ['env', 'labels', 'criteria'];

function addPart(fields: Record<string, string>, name: string, key: string, part: unknown): void {
  const partName = name === 'criteria' ? wireName(key) : key;
  fields[`${name}.${partName}`] = JSON.stringify(part);
}

function fieldsOf(spec: WorkloadSpec): Record<string, string> {
  const record = schedule.ScheduleRecord.toJSON({ workload: spec, disabled: false }) as Record<string, object>;
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(record[spec.$case] ?? {})) {
    if (!opened.includes(name)) fields[wireName(name)] = JSON.stringify(value);
    else for (const [key, part] of Object.entries(value as object)) addPart(fields, name, key, part);
  }
  return fields;
}

/** `first_pause_ms` of `firstPauseMs`. */
export function wireName(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Without the values of its environment, which may be passwords. */
export function withoutSecrets(spec: WorkloadSpec): WorkloadSpec {
  if (spec.$case !== 'executable') return spec;
  const names = Object.keys(spec.value.env);
  if (names.length === 0) return spec;
  return { ...spec, value: { ...spec.value, env: Object.fromEntries(names.map((name) => [name, ''])) } };
}
