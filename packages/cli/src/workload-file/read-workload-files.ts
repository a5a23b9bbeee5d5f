import { dirname } from 'node:path';
import type { schedule } from '@aurae/proto';
import { keyOfSpec, quotedKey, shownKey, type WorkloadSpec } from '../schedule/workload-key.js';
import { formatOfName } from './file-format.js';
import { lineInFile, parseWorkloadFile } from './parse-workload-file.js';
import { readBounded } from './read-bounded.js';
import { WorkloadFileError } from './workload-file-error.js';

/** A workload, and the file that it stands in. */
export interface FileRecord {
  readonly record: schedule.ScheduleRecord;
  readonly spec: WorkloadSpec;
  readonly file: string;
  /** Where it begins in that, from 1 up; undefined where it is not known. Looks through the file. */
  line(): number | undefined;
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
  const file = {
    text: await readBounded(path),
    format: isInput ? undefined : formatOfName(path),
    name: isInput ? 'standard input' : path,
    baseDir: isInput ? process.cwd() : dirname(path),
  };
  const counts = new Map<string, number>();
  return parseWorkloadFile(file).flatMap((record) => {
    const { workload: spec } = record;
    if (!spec) return [];
    const index = counts.get(spec.$case) ?? 0;
    counts.set(spec.$case, index + 1);
    return [{ record, spec, file: path, line: () => lineInFile(file, [spec.$case, index]) }];
  });
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
