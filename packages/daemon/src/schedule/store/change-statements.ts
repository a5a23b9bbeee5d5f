import { schedule } from '@aurae/proto';
import type { WorkloadKey } from '../workload-key.js';
import { checksumOfEntry } from './checksums.js';
import type { ScheduleEntry, StoreChange } from './schedule-store.js';
import { sqlBlob, sqlInteger, sqlText, storableInteger } from './sql-literals.js';

/** What a change does to the tables. */
export function changeStatements(change: StoreChange): string {
  switch (change.kind) {
    case 'put':
      return change.onTrial
        ? keepFallback(change.entry.key) + put(change.entry, 'on-trial')
        : putConfirmed(change.entry);
    case 'confirm':
      return `UPDATE entry SET state = 'confirmed' WHERE ${keyIs(change.key)};${dropFallback(change.key)}`;
    case 'delete':
      return (
        `DELETE FROM entry WHERE ${keyIs(change.key)};DELETE FROM history WHERE ${keyIs(change.key)};` +
        dropFallback(change.key)
      );
  }
}

export function keyIs({ kind, name }: WorkloadKey): string {
  return `kind = ${sqlInteger(kind)} AND name = ${sqlText(name)}`;
}

/** What is on trial itself is nothing to fall back to: what was before it stays that. */
function keepFallback(key: WorkloadKey): string {
  return `INSERT OR REPLACE INTO fallback (kind, name, revision, decided_at_ms, record, checksum)
    SELECT kind, name, revision, decided_at_ms, record, checksum FROM entry
    WHERE ${keyIs(key)} AND state = 'confirmed';`;
}

function dropFallback(key: WorkloadKey): string {
  return `DELETE FROM fallback WHERE ${keyIs(key)};`;
}

function putConfirmed(entry: ScheduleEntry): string {
  return put(entry, 'confirmed') + dropFallback(entry.key);
}

function put(entry: ScheduleEntry, state: 'confirmed' | 'on-trial'): string {
  const record = schedule.ScheduleRecord.encode({ workload: entry.spec, disabled: !entry.enabled }).finish();
  const revision = storableInteger(entry.revision);
  const decidedAtMs = storableInteger(entry.decidedAtMs);
  const checksum = checksumOfEntry({ key: entry.key, revision, decidedAtMs, record });
  const [kind, name] = [sqlInteger(entry.key.kind), sqlText(entry.key.name)];
  return `INSERT INTO entry (kind, name, state, revision, decided_at_ms, record, checksum)
    VALUES (${kind}, ${name}, '${state}', ${revision}, ${decidedAtMs}, ${sqlBlob(record)}, ${checksum})
    ON CONFLICT (kind, name) DO UPDATE SET state = excluded.state, revision = excluded.revision,
      decided_at_ms = excluded.decided_at_ms, record = excluded.record, checksum = excluded.checksum;
    UPDATE store SET last_revision = max(last_revision, ${revision});`;
}
