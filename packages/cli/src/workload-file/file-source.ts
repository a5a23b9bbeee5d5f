import type { FileProblems } from './file-problems.js';
import { WorkloadFileError } from './workload-file-error.js';

/** Where a value stands in a document: names of keys, and numbers of elements. */
export type KeyPath = readonly (string | number)[];

/** What is being read, for messages and for files that it names. */
export interface FileSource {
  /** Takes what is wrong with it. */
  readonly problems: FileProblems;
  /** As it was asked for. */
  readonly name: string;
  /** What paths in it are relative to. */
  readonly baseDir: string;
  /** The line of a value, from 1 up; undefined where it is not known. */
  lineOf(path: KeyPath): number | undefined;
}

export function fileError(source: FileSource, path: KeyPath, problem: string, cause?: unknown): WorkloadFileError {
  const line = source.lineOf(path);
  const place = line === undefined ? '' : `line ${line}: `;
  return new WorkloadFileError(`Cannot use the workload file "${source.name}": ${place}${problem}`, { cause });
}
