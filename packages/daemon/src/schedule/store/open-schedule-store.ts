import { dirname } from 'node:path';
import type { BackendLog } from '@aurae/proto';
import { StartupError } from '../../lifecycle/startup-error.js';
import { type ScheduleClock, systemScheduleClock } from '../schedule-clock.js';
import { checkContents, checkStructure, damageReason } from './check-store.js';
import { migrate, readStoreVersion, refuseNewer } from './migrate.js';
import { type Migration, migrations as ownMigrations } from './migrations.js';
import { runTransaction } from './run-transaction.js';
import type { ScheduleStore } from './schedule-store.js';
import { noticeOf, setBackupAside, setForeignLogAside, setStoreAside } from './set-aside.js';
import { settleStatements } from './settle-store.js';
import { isBusy, isFull } from './sqlite-failure.js';
import { SqliteReader, SqliteWriter } from './sqlite-connection.js';
import { type OpenedStore, SqliteScheduleStore } from './sqlite-schedule-store.js';
import { DamagedContentsError, readHeader } from './store-contents.js';
import {
  hasContent,
  prepareStoreFile,
  removeLeftovers,
  storeFiles,
  type StoreFiles,
  syncToDisk,
} from './store-files.js';

export interface ScheduleStoreOptions {
  readonly log: BackendLog;
  /** Default: the system's. */
  readonly clock?: ScheduleClock;
  /** Default: those of this version. */
  readonly migrations?: readonly Migration[];
}

/**
 * Opens the store, or makes a new one. A damaged one is set aside, which the log tells, and a new one takes its place.
 *
 * @param path absolute; its directory exists and is the daemon's alone
 * @throws StartupError for whatever else keeps it from being used; nothing is changed then
 */
export async function openScheduleStore(path: string, options: ScheduleStoreOptions): Promise<ScheduleStore> {
  const { log, clock = systemScheduleClock, migrations = ownMigrations } = options;
  const files = storeFiles(path);
  try {
    await removeLeftovers(files);
    const opened = await openWhole(files, migrations, log, clock);
    return new SqliteScheduleStore(opened, log, clock);
  } catch (error) {
    throw await startupError(error, path);
  }
}

async function openWhole(
  files: StoreFiles,
  migrations: readonly Migration[],
  log: BackendLog,
  clock: ScheduleClock,
): Promise<OpenedStore> {
  const report = (problem: string) => {
    const restore = setBackupAside(files, clock.now());
    log.error(`${problem}, and the schedule is empty now. ${restore ?? 'There is no backup of it'}`);
  };
  try {
    refuseLoneLog(files);
    reportForeignLog(files, log, clock);
    return await openFiles(files, migrations, () => {
      // Only an earlier store has left a backup.
      const restore = setBackupAside(files, clock.now());
      if (restore) log.error(`The store of the schedule "${files.main}" was gone: it is empty now. ${restore}`);
    });
  } catch (error) {
    const reason = damageReason(error);
    if (reason === undefined) throw error;
    const aside = setStoreAside(files, clock.now());
    report(`The store of the schedule "${files.main}" is damaged (${reason}): it was set aside as "${aside}"`);
    return openFiles(files, migrations, () => undefined);
  }
}

/** SQLite would throw away what waits in the log to be written to a file that is gone. */
function refuseLoneLog({ main, log }: StoreFiles): void {
  if (hasContent(log) && !hasContent(main)) throw new DamagedContentsError('only its log is there');
}

function reportForeignLog(files: StoreFiles, log: BackendLog, clock: ScheduleClock): void {
  const aside = setForeignLogAside(files, clock.now());
  if (aside === undefined) return;
  log.warn(
    `A backup has taken the place of "${files.main}": what an earlier store had not written yet is in "${aside}"`,
  );
}

async function openFiles(files: StoreFiles, migrations: readonly Migration[], onNew: () => void): Promise<OpenedStore> {
  prepareStoreFile(files.main);
  const writer = await SqliteWriter.open(files.main);
  let reader: SqliteReader | undefined;
  try {
    // Before the reader, which cannot make the index of the log.
    await writer.execute('SELECT count(*) FROM sqlite_schema');
    reader = new SqliteReader(files.main);
    await prepareContents(files, writer, reader, migrations, onNew);
    return { files, writer, reader, header: await readHeader(reader), notice: noticeOf(files) };
  } catch (error) {
    reader?.[Symbol.dispose]();
    await writer[Symbol.asyncDispose]();
    throw error;
  }
}

async function prepareContents(
  files: StoreFiles,
  writer: SqliteWriter,
  reader: SqliteReader,
  migrations: readonly Migration[],
  onNew: () => void,
): Promise<void> {
  // Before anything is written: a store that is not for this auraed stays as it is.
  const { version, isForeign } = await readStoreVersion(reader);
  if (isForeign) throw new DamagedContentsError('it is not a store of the schedule');
  refuseNewer(files.main, version, migrations.length);
  await writer.execute('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304');
  if (version === 0) {
    onNew();
    await syncToDisk(dirname(files.main));
  }
  await checkStructure(writer);
  await migrate(writer, version, migrations);
  await checkContents(reader, migrations);
  await runTransaction(writer, settleStatements);
}

async function startupError(error: unknown, path: string): Promise<Error> {
  if (error instanceof StartupError) return error;
  const about = `Cannot open the store of the schedule "${path}"`;
  if (await isFull(error, path))
    return new StartupError(`${about}: the disk is full; free some space, then start again`);
  if (isBusy(error))
    return new StartupError(`${about}: another program has locked it; end that program, then start again`);
  return new StartupError(`${about}: ${(error as Error).message}`);
}
