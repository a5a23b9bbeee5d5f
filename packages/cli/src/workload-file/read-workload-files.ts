import { dirname } from 'node:path';
import type { schedule } from '@aurae/proto';
import { keyOfSpec, quotedKey, shownKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { formatOfName } from './file-format.js';
import { parseWorkloadFile } from './parse-workload-file.js';
import { readBounded } from './read-bounded.js';
import { WorkloadFileError } from './workload-file-error.js';

/** A workload, and the file that it stands in. */
export interface FileRecord {
  readonly record: schedule.ScheduleRecord;
  readonly spec: WorkloadSpec;
  readonly file: string;
}

/** The workloads of all the files, each of them once. `-` is standard input. */
export async function readWorkloadFiles(files: readonly string[]): Promise<FileRecord[]> {
  const all: FileRecord[] = [];
  for (const file of files) all.push(...(await readFileRecords(file)));
  refuseDoubles(all);
  return all;
}

async function readFileRecords(path: string): Promise<FileRecord[]> {
  const isInput = path === '-';
  const records = parseWorkloadFile({
    text: await readBounded(path),
    format: isInput ? undefined : formatOfName(path),
    name: isInput ? 'standard input' : path,
    baseDir: isInput ? process.cwd() : dirname(path),
  });
  return records.flatMap((record) => (record.workload ? [{ record, spec: record.workload, file: path }] : []));
}

function refuseDoubles(all: readonly FileRecord[]): void {
  const files = new Map<string, string>();
  for (const { spec, file } of all) {
    const key = keyOfSpec(spec);
    const first = files.get(shownKey(key));
    if (first !== undefined) {
      const where = first === file ? `twice in "${file}"` : `both in "${first}" and in "${file}"`;
      throw new WorkloadFileError(`Cannot use the workload files: ${quotedKey(key)} stands ${where}: keep one of them`);
    }
    files.set(shownKey(key), file);
  }
}
