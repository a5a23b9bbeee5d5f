import { checkLayout } from './check-layout.js';
import type { Migration } from './migrations.js';
import { isDamage, isMismatch } from './sqlite-failure.js';
import type { SqliteReader, SqliteWriter } from './sqlite-connection.js';
import { DamagedContentsError, readHeader, verifyEntries } from './store-contents.js';

/**
 * Checks the whole file, its indexes and constraints included: the full check, since the quick one does not compare
 * indexes with tables, and it takes milliseconds for what a schedule is.
 *
 * @throws DamagedContentsError, or SQLite's error of a damaged file
 */
export async function checkStructure(writer: SqliteWriter): Promise<void> {
  // Nothing but an error gets out of a text of statements: the first complaint is put into one.
  const check = `SELECT json_extract('{}', integrity_check) FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'`;
  await writer.execute(check).catch(rethrow);
}

/**
 * Checks the tables, and what decides about what runs against its checksums. The version is one that is known.
 *
 * @throws DamagedContentsError, or SQLite's error of a damaged file
 */
export async function checkContents(reader: SqliteReader, migrations: readonly Migration[]): Promise<void> {
  await checkLayout(reader, migrations).catch(rethrow);
  await readHeader(reader).catch(rethrow);
  await verifyEntries(reader).catch(rethrow);
}

/** A statement that does not fit means that the tables are not what they were. */
function rethrow(error: unknown): never {
  throw isMismatch(error) ? new DamagedContentsError(complaint(error as Error)) : error;
}

/** Why the store cannot be used, where that is for what is in it; undefined for every other error. */
export function damageReason(error: unknown): string | undefined {
  return isDamage(error) || error instanceof DamagedContentsError ? (error as Error).message : undefined;
}

function complaint({ message }: Error): string {
  return /JSON path.*?'(.*)'/s.exec(message)?.[1]?.replaceAll("''", "'") ?? message;
}
