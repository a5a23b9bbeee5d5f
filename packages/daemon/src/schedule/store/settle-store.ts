import { isOfNothing } from './note-statements.js';

/**
 * What is done at each opening: what was on trial when the last daemon ended is taken back, and with a new entry its
 * history; progress stays with the workload.
 */
export const settleStatements: readonly string[] = [
  `UPDATE entry SET (state, revision, decided_at_ms, record, checksum) = (
      SELECT 'confirmed', revision, decided_at_ms, record, checksum FROM fallback
      WHERE fallback.kind = entry.kind AND fallback.name = entry.name)
    WHERE state = 'on-trial' AND EXISTS (
      SELECT 1 FROM fallback WHERE fallback.kind = entry.kind AND fallback.name = entry.name);`,
  `DELETE FROM entry WHERE state = 'on-trial';`,
  `DELETE FROM fallback;`,
  `DELETE FROM history WHERE ${isOfNothing};`,
];
