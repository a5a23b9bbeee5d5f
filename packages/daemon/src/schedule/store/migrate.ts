import { StartupError } from '../../lifecycle/startup-error.js';
import type { Migration } from './migrations.js';
import { endTransaction } from './run-transaction.js';
import type { SqliteReader, SqliteWriter } from './sqlite-connection.js';

/** Of a file: whose it is, "AurS". */
const applicationId = 0x41757253;

export interface StoreVersion {
  /** 0 for a file with nothing in it. */
  readonly version: number;
  /** Whether it is of another program. */
  readonly isForeign: boolean;
}

export async function readStoreVersion(reader: SqliteReader): Promise<StoreVersion> {
  const [row] = await reader.rows(`
    SELECT (SELECT user_version FROM pragma_user_version) AS version,
      (SELECT application_id FROM pragma_application_id) AS application,
      (SELECT count(*) FROM sqlite_schema) AS tables`);
  const { version, application, tables } = row as { version: number; application: number; tables: number };
  const isEmpty = version === 0 && application === 0 && tables === 0;
  return { version, isForeign: !isEmpty && application !== applicationId };
}

/** @throws StartupError for a store that a newer program has written */
export function refuseNewer(path: string, version: number, known: number): void {
  if (version <= known) return;
  throw new StartupError(
    `The store of the schedule "${path}" has the version ${version}, and this auraed knows those up to ${known}: ` +
      'start the auraed that wrote it, or a newer one, or choose another directory with --root',
  );
}

/** Each in a transaction of its own, together with its version. */
export async function migrate(writer: SqliteWriter, from: number, migrations: readonly Migration[]): Promise<void> {
  for (const [index, migration] of migrations.entries()) {
    if (index < from) continue;
    try {
      await writer.execute(
        `BEGIN IMMEDIATE; ${migration()}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${index + 1}; COMMIT`,
      );
    } catch (error) {
      await endTransaction(writer);
      throw error;
    }
  }
}
