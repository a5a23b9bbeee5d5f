import { UsageError } from '../failures.js';
import { keyOfReference, keyOfSpec, quotedKey, shownKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { type FileRecord, readWorkloadFiles } from './read-workload-files.js';
import { WorkloadFileError } from './workload-file-error.js';
import { isDirectory } from './workload-paths.js';

/** The workloads to enable, in an order in which each comes after those that it waits for. */
export async function readEnableFiles(files: readonly string[]): Promise<FileRecord[]> {
  const directory = files.find((file) => file !== '-' && isDirectory(file));
  if (directory !== undefined) throw new UsageError(`"${directory}" is a directory: use "aurae apply -f ${directory}"`);
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
  return inOrder(records);
}

/** What stands in a circle keeps its place: that is for the daemon to refuse. */
function inOrder(records: readonly FileRecord[]): FileRecord[] {
  const byKey = new Map(records.map((record) => [shownKey(keyOfSpec(record.spec)), record]));
  const sorted = new Set<FileRecord>();
  const visited = new Set<FileRecord>();
  const visit = (record: FileRecord): void => {
    if (visited.has(record)) return;
    visited.add(record);
    for (const key of prerequisitesOf(record.spec)) {
      const other = byKey.get(key);
      if (other) visit(other);
    }
    sorted.add(record);
  };
  records.forEach(visit);
  return [...sorted];
}

function prerequisitesOf(spec: WorkloadSpec): string[] {
  return (spec.value.criteria?.after ?? []).map(({ workload }) => {
    const key = keyOfReference(workload) ?? { kind: spec.$case, name: workload?.name ?? '' };
    return shownKey(key);
  });
}
