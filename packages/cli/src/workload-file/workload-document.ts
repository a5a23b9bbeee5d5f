import type { schedule } from '@aurae/proto';
import { closestWord } from '../closest-word.js';
import type { WorkloadSpec } from '../schedule/workload-key.js';
import { kindNames, type WorkloadKindName } from '../values/workload-kind.js';
import { readExecutable, writeExecutable } from './executable-table.js';
import type { FileSource } from './file-source.js';
import { readImageWorkload, writeImageWorkload } from './image-table.js';
import { isTable, isText, Table, type Values } from './table.js';

/** The records of a document: one workload at its top, or lists of tables by kind. */
export function readDocument(values: Values, source: FileSource): schedule.ScheduleRecord[] {
  if (Object.keys(values).length === 0) return [];
  const isList = Object.keys(values).some((key) => isKind(key) || isMeantAsList(key, values[key]));
  if (isList) return readLists(values, source);
  const table = new Table(values, source, [], nameOfTable(values));
  return [readRecord(table, table.choice('kind', kindNames) ?? 'executable')];
}

function readLists(values: Values, source: FileSource): schedule.ScheduleRecord[] {
  const document = new Table(values, source, [], '');
  const records = kindNames.flatMap((kind) => {
    const readAll = (value: unknown) => (Array.isArray(value) && value.every(isTable) ? value : undefined);
    const tables = document.read(kind, readAll, `a list of tables: begin each with [[${kind}]]`) ?? [];
    return tables.map((entry, index) => {
      const owner = [kind, nameOfTable(entry) || `number ${index + 1}`].join(' ');
      return readRecord(new Table(entry, source, [kind, index], owner), kind);
    });
  });
  for (const other of Object.keys(values)) {
    if (!isKind(other)) source.problems.add(Array.isArray(values[other]) ? [other, 0] : [other], outsideProblem(other));
  }
  return records;
}

function outsideProblem(key: string): string {
  const meant = closestWord(key, kindNames);
  if (meant !== undefined) return `${key} is not a known key: did you mean "${meant}"?`;
  return `${key} stands outside of a workload: beside [[executable]] and the like there is nothing else`;
}

/** `[[executables]]`: no table of a workload is called like that. */
function isMeantAsList(key: string, value: unknown): boolean {
  const tables = Array.isArray(value) ? value : [value];
  return tables.length > 0 && tables.every(isTable) && closestWord(key, kindNames) !== undefined;
}

function isKind(key: string): key is WorkloadKindName {
  return kindNames.some((kind) => kind === key);
}

function nameOfTable({ name }: Values): string {
  return isText(name) && name !== '' ? JSON.stringify(name) : '';
}

function readRecord(table: Table, kind: WorkloadKindName): schedule.ScheduleRecord {
  const workload = readWorkload(table, kind);
  const disabled = table.flag('disabled');
  table.end();
  return { workload, disabled };
}

function readWorkload(table: Table, kind: WorkloadKindName): WorkloadSpec {
  switch (kind) {
    case 'executable':
      return { $case: kind, value: readExecutable(table) };
    case 'container':
      return { $case: kind, value: readImageWorkload(table) };
    case 'instance':
      return { $case: kind, value: readImageWorkload(table) };
  }
}

/** The other way round, always as lists by kind. */
export function writeDocument(records: readonly schedule.ScheduleRecord[]): Record<string, unknown> {
  const lists = kindNames.map((kind) => [
    kind,
    records.flatMap(({ workload, disabled }) => {
      if (workload?.$case !== kind) return [];
      return [{ ...writeWorkload(workload), ...(disabled ? { disabled } : {}) }];
    }),
  ]);
  return Object.fromEntries(lists.filter(([, list]) => (list as readonly object[]).length > 0));
}

function writeWorkload(workload: WorkloadSpec): object {
  return workload.$case === 'executable' ? writeExecutable(workload.value) : writeImageWorkload(workload.value);
}
