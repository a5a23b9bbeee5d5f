import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasContent, isPresent, journalMode, type StoreFiles } from './store-files.js';

/** Renames the files of a store that cannot be used, and never onto others. Answers with the new name of the main one. */
export function setStoreAside({ main, log, logIndex }: StoreFiles, nowMs: number): string {
  const suffixes = [log, logIndex].map((path) => path.slice(main.length));
  const aside = freeName(`${main}.damaged-${timeForName(nowMs)}`, suffixes);
  // The main one first: what is then left of a crash is seen as such by the next opening.
  if (isPresent(main)) renameSync(main, aside);
  for (const suffix of suffixes) {
    if (isPresent(`${main}${suffix}`)) renameSync(`${main}${suffix}`, `${aside}${suffix}`);
  }
  return aside;
}

/**
 * Keeps the backup of an earlier store from being replaced by one of the new store. Answers with what tells how to get
 * back to it; undefined when there is none.
 */
export function setBackupAside({ main, backup }: StoreFiles, nowMs: number): string | undefined {
  if (!isPresent(backup)) return undefined;
  const aside = freeName(`${backup}.before-${timeForName(nowMs)}`, []);
  const taken = new Date(statSync(backup).mtimeMs).toISOString();
  renameSync(backup, aside);
  const command = `mv ${shellWord(aside)} ${shellWord(main)}`;
  return `To go back to the backup of ${taken}, stop auraed, run "${command}", and start auraed`;
}

/**
 * Keeps the log of an earlier store from being written to a backup that was put into its place: SQLite would, and so mix
 * the two. A backup tells itself by its mode, in which there is no log. Answers with the new name of the log.
 */
export function setForeignLogAside({ main, log, logIndex }: StoreFiles, nowMs: number): string | undefined {
  if (!hasContent(log) || journalMode(main) !== 'rollback') return undefined;
  const aside = freeName(`${log}.before-${timeForName(nowMs)}`, []);
  renameSync(log, aside);
  rmSync(logIndex, { force: true });
  return aside;
}

/** What is to be said of an earlier store for as long as what is left of it lies there. */
export function noticeOf({ main, backup }: StoreFiles): string {
  const kept = newestOf(`${backup}.before-`);
  if (kept !== undefined) {
    return (
      'The store of the schedule was damaged or gone, and was begun anew. The backup of the one before is ' +
      `"${kept}": docs/schedule.md tells how to go back to it. This notice ends once that file is removed and auraed ` +
      'started again'
    );
  }
  const damaged = newestOf(`${main}.damaged-`);
  if (damaged === undefined) return '';
  return (
    `A damaged store of the schedule was set aside as "${damaged}". This notice ends once that file is removed and auraed ` +
    'started again'
  );
}

/** By the time in its name. */
function newestOf(prefix: string): string | undefined {
  const directory = dirname(prefix);
  const names = readdirSync(directory).filter((name) => name.startsWith(basename(prefix)) && !/-(wal|shm)$/.test(name));
  const newest = names.sort().at(-1);
  return newest === undefined ? undefined : join(directory, newest);
}

function freeName(wanted: string, suffixes: readonly string[]): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!['', ...suffixes].some((suffix) => isPresent(`${name}${suffix}`))) return name;
  }
}

/** Without the colons, which some tools take for the end of a host's name. */
function timeForName(nowMs: number): string {
  return new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
}

function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
