import { randomUUID } from 'node:crypto';
import { checksumOfId } from './checksums.js';
import { sqlText } from './sql-literals.js';

/** Answers with the statements that lead from the version before to this one. */
export type Migration = () => string;

/**
 * The first leads from nothing to version 1. One that was ever released is never changed.
 *
 * A `state` is a word, and not a number, so that a single damaged bit cannot make one of the other; the constraint is
 * checked at each opening.
 */
export const migrations: readonly Migration[] = [
  () => {
    const id = randomUUID();
    return `
      CREATE TABLE store (
        row INTEGER PRIMARY KEY CHECK (row = 1),
        id TEXT NOT NULL,
        id_checksum INTEGER NOT NULL,
        last_revision INTEGER NOT NULL,
        last_sequence INTEGER NOT NULL
      ) STRICT;
      INSERT INTO store VALUES (1, ${sqlText(id)}, ${checksumOfId(id)}, 0, 0);
      CREATE TABLE entry (
        number INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('confirmed', 'on-trial')),
        revision INTEGER NOT NULL,
        decided_at_ms INTEGER NOT NULL,
        record BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        progress TEXT,
        UNIQUE (kind, name)
      ) STRICT;
      CREATE TABLE fallback (
        number INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        decided_at_ms INTEGER NOT NULL,
        record BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        UNIQUE (kind, name)
      ) STRICT;
      CREATE TABLE history (
        sequence INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        name TEXT NOT NULL,
        timestamp_ms INTEGER NOT NULL,
        type TEXT NOT NULL,
        message TEXT NOT NULL,
        pid INTEGER
      ) STRICT;
      CREATE INDEX history_of ON history (kind, name, sequence);
    `;
  },
];
