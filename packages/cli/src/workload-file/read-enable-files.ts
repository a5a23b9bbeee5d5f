import { UsageError } from '../failures.js';
import { keyOfReference, keyOfSpec, quotedKey, shownKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { readWorkloadFiles } from './read-workload-files.js';
import { WorkloadFileError } from './workload-file-error.js';

/** The workloads to enable, in an order in which each comes after those that it waits for. */
export async function readEnableFiles(files: readonly string[]): Promise<WorkloadSpec[]> {
  const records = await readWorkloadFiles(files);
  if (records.length === 0)
    throw new UsageError(`there is no workload in ${files.map((file) => `"${file}"`).join(', ')}`);
  const disabled = records.find(({ record }) => record.disabled);
  if (disabled) {
    const key = quotedKey(keyOfSpec(disabled.spec));
    throw new WorkloadFileError(
      `Cannot enable ${key}: "${disabled.file}" says disabled = true; take that out, or let "aurae apply -f" keep it so`,
    );
  }
  return inOrder(records.map(({ spec }) => spec));
}

/** What stands in a circle keeps its place: that is for the daemon to refuse. */
function inOrder(specs: readonly WorkloadSpec[]): WorkloadSpec[] {
  const byKey = new Map(specs.map((spec) => [shownKey(keyOfSpec(spec)), spec]));
  const sorted = new Set<WorkloadSpec>();
  const visited = new Set<WorkloadSpec>();
  const visit = (spec: WorkloadSpec): void => {
    if (visited.has(spec)) return;
    visited.add(spec);
    for (const key of prerequisitesOf(spec)) {
      const other = byKey.get(key);
      if (other) visit(other);
    }
    sorted.add(spec);
  };
  specs.forEach(visit);
  return [...sorted];
}

function prerequisitesOf(spec: WorkloadSpec): string[] {
  return (spec.value.criteria?.after ?? []).map(({ workload }) => {
    const key = keyOfReference(workload) ?? { kind: spec.$case, name: workload?.name ?? '' };
    return shownKey(key);
  });
}
