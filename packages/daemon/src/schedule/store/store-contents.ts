import { schedule } from '@aurae/proto';
import type { WorkloadKey } from '../workload-key.js';
import { keyIs } from './change-statements.js';
import { checksumOfEntry, checksumOfId } from './checksums.js';
import { parseProgress } from './progress-text.js';
import type { LoadedEntry, NumberedHistoryItem, ScheduleEntry } from './schedule-store.js';
import { textBytes } from './sql-literals.js';
import type { SqliteReader, SqliteRow } from './sqlite-connection.js';

/** Of the store itself. */
export interface StoreHeader {
  readonly id: string;
  readonly lastRevision: number;
  readonly lastSequence: number;
}

/** Something in a store that SQLite takes for whole, and that is not. */
export class DamagedContentsError extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'DamagedContentsError';
  }
}

export async function readHeader(reader: SqliteReader): Promise<StoreHeader> {
  const rows = await reader.rows(`SELECT ${textBytes('id')}, id_checksum, last_revision, last_sequence FROM store`);
  const row = rows[0] as
    | { id: Uint8Array; id_checksum: number; last_revision: number; last_sequence: number }
    | undefined;
  if (!row) throw new DamagedContentsError('its id is missing');
  const id = textOf(row.id);
  if (row.id_checksum !== checksumOfId(id)) throw new DamagedContentsError('its id is not what was written');
  // The numbers may be damaged, too; they are never less than what is in use.
  const [highest] = await reader.rows(`SELECT
    max((SELECT coalesce(max(revision), 0) FROM entry), (SELECT coalesce(max(revision), 0) FROM fallback)) AS revision,
    (SELECT coalesce(max(sequence), 0) FROM history) AS sequence`);
  const used = highest as { revision: number; sequence: number };
  return {
    id,
    lastRevision: Math.max(row.last_revision, used.revision),
    lastSequence: Math.max(row.last_sequence, used.sequence),
  };
}

/** @throws DamagedContentsError when an entry is not what was written */
export async function verifyEntries(reader: SqliteReader): Promise<void> {
  for (const table of ['entry', 'fallback']) {
    const rows = await reader.rows(`SELECT ${entryColumns}, checksum FROM ${table}`);
    for (const row of rows as unknown as (EntryRow & { readonly checksum: number })[]) {
      const { revision, decided_at_ms: decidedAtMs, record, checksum } = row;
      if (checksum === checksumOfEntry({ key: keyOfRow(row), revision, decidedAtMs, record })) continue;
      throw new DamagedContentsError(`the entry of "${textOf(row.name)}" is not what was written`);
    }
  }
}

export async function readEntries(reader: SqliteReader): Promise<LoadedEntry[]> {
  const rows = await reader.rows(
    `SELECT ${entryColumns}, ${textBytes('progress')} FROM entry ORDER BY revision, number`,
  );
  return (rows as unknown as (EntryRow & { readonly progress: Uint8Array | null })[]).map((row) => ({
    entry: entryOfRow(row),
    progress: parseProgress(row.progress && textOf(row.progress)),
  }));
}

export async function readHistory(reader: SqliteReader, key: WorkloadKey): Promise<NumberedHistoryItem[]> {
  const columns = `sequence, timestamp_ms, ${textBytes('type')}, ${textBytes('message')}, pid`;
  const rows = await reader.rows(`SELECT ${columns} FROM history WHERE ${keyIs(key)} ORDER BY sequence`);
  return rows.map((row) => historyItem(key, row));
}

const entryColumns = `kind, ${textBytes('name')}, revision, decided_at_ms, record`;

interface EntryRow {
  readonly kind: WorkloadKey['kind'];
  readonly name: Uint8Array;
  readonly revision: number;
  readonly decided_at_ms: number;
  readonly record: Uint8Array;
}

function keyOfRow({ kind, name }: EntryRow): WorkloadKey {
  return { kind, name: textOf(name) };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function entryOfRow(row: EntryRow): ScheduleEntry {
  const { workload, disabled } = schedule.ScheduleRecord.decode(row.record);
  if (!workload)
    throw new DamagedContentsError(`the entry of "${textOf(row.name)}" is of a kind that this auraed does not know`);
  const { revision, decided_at_ms: decidedAtMs } = row;
  return { key: keyOfRow(row), spec: workload, enabled: !disabled, revision, decidedAtMs };
}

function historyItem(key: WorkloadKey, row: SqliteRow): NumberedHistoryItem {
  const {
    sequence,
    timestamp_ms: timestampMs,
    type,
    message,
    pid,
  } = row as {
    sequence: number;
    timestamp_ms: number;
    type: Uint8Array;
    message: Uint8Array;
    pid: number | null;
  };
  const texts = { type: textOf(type), message: textOf(message) };
  return { key, sequence, timestampMs, ...texts, ...(pid === null ? {} : { pid }) };
}
