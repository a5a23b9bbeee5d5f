import { resolve } from 'node:path';
import type { schedule } from '@aurae/proto';
import { connectToDaemon } from '../connect-to-daemon.js';
import { exitCodes } from '../exit-codes.js';
import type { GlobalOptions } from '../global-options.js';
import { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { ownerAt, placeFile } from '../owned-files.js';
import { exportedRecords } from '../schedule/exported-records.js';
import { namedWorkloads } from '../schedule/named-workloads.js';
import { keyOfSpec, type WorkloadKey } from '../schedule/workload-key.js';
import { systemReason } from '../system-error.js';
import { type FileFormat, formatOfName } from '../workload-file/file-format.js';
import { formatWorkloadFile } from '../workload-file/format-workload-file.js';
import { WorkloadFileError } from '../workload-file/workload-file-error.js';

export interface ExportOptions extends GlobalOptions {
  readonly format?: FileFormat;
  readonly out?: string;
}

const secretsNote =
  'aurae: note: these are the values of environment variables, too, which may be secrets: --out FILE keeps them private';

export async function runScheduleExport(names: readonly string[], options: ExportOptions): Promise<number> {
  const { out } = options;
  using interruption = Interruption.listen();
  await using client = connectToDaemon(options);
  const all = await exportedRecords(client, interruption.signal);
  client.close();
  const records = namedWorkloads(all, names, keyOfRecord, 'export');
  const text = formatWorkloadFile(records, formatOf(options));
  const stdout = new OutputStream(process.stdout);
  if (out === undefined) {
    await interruption.race(stdout.write(text));
    const isSeen = process.stdout.isTTY && records.some(hasEnvironment);
    if (isSeen) await interruption.race(new OutputStream(process.stderr).write(`${secretsNote}\n`));
  } else {
    writePrivately(out, text);
    await interruption.race(stdout.write(`${reportOf(out, records.length, options)}\n`));
  }
  return exitCodes.success;
}

function formatOf({ format, out, output }: ExportOptions): FileFormat {
  const ofName = out === undefined ? undefined : formatOfName(out);
  return format ?? ofName ?? (output === 'json' && out === undefined ? 'json' : 'toml');
}

function writePrivately(path: string, text: string): void {
  try {
    placeFile(resolve(path), Buffer.from(text), 0o600, ownerAt(resolve(path)));
  } catch (error) {
    throw new WorkloadFileError(`Cannot write the workload file "${path}": ${systemReason(error)}`, { cause: error });
  }
}

function reportOf(file: string, workloads: number, { output }: ExportOptions): string {
  if (output === 'json') return JSON.stringify({ file, workloads });
  return `Wrote ${workloads} ${workloads === 1 ? 'workload' : 'workloads'} to ${file}`;
}

function keyOfRecord({ workload }: schedule.ScheduleRecord): WorkloadKey | undefined {
  return workload && keyOfSpec(workload);
}

function hasEnvironment({ workload }: schedule.ScheduleRecord): boolean {
  return workload?.$case === 'executable' && Object.keys(workload.value.env).length > 0;
}
