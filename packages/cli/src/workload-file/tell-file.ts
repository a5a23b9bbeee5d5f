import { quotedKey, keyOfSpec } from '../schedule/workload-key.js';
import type { FileRecord } from './read-workload-files.js';

/** Adds to the daemon's error about one workload (`Cannot enable "web": …`) where that stands. */
export function tellFile(error: unknown, records: readonly FileRecord[]): unknown {
  if (!(error instanceof Error)) return error;
  const record = records.find(({ spec }) => error.message.startsWith(`Cannot enable ${quotedKey(keyOfSpec(spec))}: `));
  if (!record) return error;
  const line = record.line();
  error.message += ` (${record.file === '-' ? 'standard input' : `"${record.file}"`}${line === undefined ? '' : `, line ${line}`})`;
  return error;
}
