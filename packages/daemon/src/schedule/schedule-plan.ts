import { InvalidSpecError, schedule } from '@aurae/proto';
import { differingFields } from './spec-parts.js';
import type { ScheduledWorkload } from './supervision/scheduled-workload.js';
import { unhurried } from './unhurried.js';
import { keyOf, keyText, shownKey, type WorkloadKey, type WorkloadSpec } from './workload-key.js';

const { ScheduleChange } = schedule;

/** A workload as it is asked for. */
export interface AskedWorkload {
  readonly key: WorkloadKey;
  readonly spec: WorkloadSpec;
  readonly enabled: boolean;
}

/** What is to be done to one workload. `asked` is absent where it is to be destroyed. */
export interface PlannedChange {
  readonly key: WorkloadKey;
  readonly change: schedule.ScheduleChange;
  readonly fields: readonly string[];
  readonly asked?: AskedWorkload;
}

/** Throws InvalidSpecError for a record without a workload, and for a name that is there twice. */
export function askedWorkloads(records: readonly schedule.ScheduleRecord[]): Map<string, AskedWorkload> {
  const asked = new Map<string, AskedWorkload>();
  records.forEach(({ workload, disabled }, index) => {
    const refuse = (description: string): never => {
      throw new InvalidSpecError(`Cannot apply: ${description}`, [{ field: `records[${index}]`, description }]);
    };
    if (!workload) return refuse(`record ${index + 1} has no workload`);
    const key = keyOf(workload);
    if (asked.has(keyText(key))) refuse(`${shownKey(key)} is there twice`);
    asked.set(keyText(key), { key, spec: workload, enabled: !disabled });
  });
  return asked;
}

/** What leads from the schedule as it is to what is asked for, in the order of the records; what is destroyed comes last. */
export async function planChanges(
  asked: ReadonlyMap<string, AskedWorkload>,
  scheduled: readonly ScheduledWorkload[],
  prune: boolean,
): Promise<PlannedChange[]> {
  const present = new Map(scheduled.map((workload) => [workload.text, workload]));
  const changes: PlannedChange[] = [];
  for await (const one of unhurried([...asked.values()])) changes.push(changeTo(one, present.get(keyText(one.key))));
  if (!prune) return changes;
  const leaving = scheduled.filter(({ text }) => !asked.has(text));
  const destroyed = leaving.map(({ key }) => ({ key, change: ScheduleChange.SCHEDULE_CHANGE_DESTROY, fields: [] }));
  return [...changes, ...destroyed];
}

function changeTo(asked: AskedWorkload, present: ScheduledWorkload | undefined): PlannedChange {
  const { key, spec, enabled } = asked;
  if (!present) return { key, change: ScheduleChange.SCHEDULE_CHANGE_CREATE, fields: [], asked };
  const fields = differingFields(present.entry.spec, spec);
  const isDown = enabled && (present.plan.kind === 'held' || present.plan.kind === 'failed');
  const isTried = isDown && !present.run && present.nextDueMs === undefined;
  const isSwitched = present.entry.enabled !== enabled;
  if (fields.length > 0) {
    const all = isSwitched ? [...fields, 'disabled'] : fields;
    return { key, change: ScheduleChange.SCHEDULE_CHANGE_UPDATE, fields: all, asked };
  }
  const { SCHEDULE_CHANGE_ENABLE, SCHEDULE_CHANGE_DISABLE, SCHEDULE_CHANGE_NONE } = ScheduleChange;
  const change =
    !isSwitched && !isTried ? SCHEDULE_CHANGE_NONE : enabled ? SCHEDULE_CHANGE_ENABLE : SCHEDULE_CHANGE_DISABLE;
  return { key, change, fields: [], asked };
}
