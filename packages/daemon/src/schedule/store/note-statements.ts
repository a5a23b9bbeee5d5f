import { keyText } from '../workload-key.js';
import { keyIs } from './change-statements.js';
import type { PendingItem, PendingProgress } from './pending-notes.js';
import { sqlInteger, sqlText } from './sql-literals.js';

/** Of each workload. */
export const keptHistory = 100;

/** Of all workloads that are not, or not yet, in the store; looked at only now and then. */
const keptOfOthers = 1000;

/** Where a row of the history has no entry. */
export const isOfNothing =
  'NOT EXISTS (SELECT 1 FROM entry WHERE entry.kind = history.kind AND entry.name = history.name)';

export function progressStatement({ key, text }: PendingProgress): string {
  return `UPDATE entry SET progress = ${sqlText(text)} WHERE ${keyIs(key)};`;
}

export function historyStatement({ item }: PendingItem): string {
  const { sequence, key, timestampMs, type, message, pid } = item;
  const values = [
    sqlInteger(sequence),
    sqlInteger(key.kind),
    sqlText(key.name),
    sqlInteger(timestampMs),
    sqlText(type),
    sqlText(message),
    pid === undefined ? 'NULL' : sqlInteger(pid),
  ];
  return `INSERT OR REPLACE INTO history VALUES (${values.join(', ')});`;
}

/** Bounds it, and keeps the last number even if its item goes. */
export function* afterHistory(items: readonly PendingItem[]): Generator<string> {
  const last = items.at(-1)?.item.sequence;
  if (last === undefined) return;
  yield `UPDATE store SET last_sequence = max(last_sequence, ${sqlInteger(last)});`;
  const keys = new Map(items.map(({ item }) => [keyText(item.key), item.key]));
  for (const key of keys.values()) {
    yield `DELETE FROM history WHERE ${keyIs(key)} AND sequence <= (SELECT sequence FROM history WHERE ${keyIs(key)}
      ORDER BY sequence DESC LIMIT 1 OFFSET ${keptHistory});`;
  }
  const first = items[0]?.item.sequence ?? last;
  if (Math.floor(first / keptOfOthers) < Math.floor((last + 1) / keptOfOthers)) {
    yield `DELETE FROM history WHERE sequence <= ${sqlInteger(last - keptOfOthers)} AND ${isOfNothing};`;
  }
}
