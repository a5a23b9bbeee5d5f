import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StartupError } from '../../../src/lifecycle/startup-error.js';
import { type Migration, migrations } from '../../../src/schedule/store/migrations.js';
import { openScheduleStore } from '../../../src/schedule/store/index.js';
import { SqliteReader } from '../../../src/schedule/store/sqlite-connection.js';
import { entriesOf, entryNamed, put, StoreFixture } from './store-fixture.js';

const later: readonly Migration[] = [
  ...migrations,
  () => 'ALTER TABLE entry ADD COLUMN colour TEXT',
  () => `CREATE TABLE note (text TEXT) STRICT; INSERT INTO note VALUES ('kept')`,
];

async function openWith(fixture: StoreFixture, list: readonly Migration[]) {
  return openScheduleStore(fixture.path, { log: fixture.log, clock: fixture.clock, migrations: list });
}

async function usedStore(): Promise<StoreFixture> {
  const fixture = new StoreFixture();
  await (await fixture.open()).commit([put('web', 1)]);
  await fixture.close();
  return fixture;
}

test('a store of an earlier version is brought to this one, with what is in it', async () => {
  const fixture = await usedStore();
  const store = await openWith(fixture, later);
  expect(await entriesOf(store)).toEqual([entryNamed('web', 1)]);
  const reader = new SqliteReader(fixture.path);
  expect(await reader.rows('SELECT colour, text FROM entry, note')).toEqual([{ colour: null, text: 'kept' }]);
  expect(await reader.rows('PRAGMA user_version')).toEqual([{ user_version: 3 }]);
  reader[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  // Each runs once only: a second time, these would fail.
  await (await openWith(fixture, later))[Symbol.asyncDispose]();
});

test('a migration that fails leaves the version before it, from which it goes on', async () => {
  const fixture = await usedStore();
  const failing: Migration = () => 'CREATE TABLE half (text TEXT); INSERT INTO missing VALUES (1)';
  await expect(openWith(fixture, [...later.slice(0, 2), failing])).rejects.toThrow(StartupError);
  const store = await openWith(fixture, later);
  expect(await entriesOf(store)).toEqual([entryNamed('web', 1)]);
  const reader = new SqliteReader(fixture.path);
  expect(await reader.rows(`SELECT name FROM sqlite_schema WHERE name IN ('half', 'note')`)).toEqual([
    { name: 'note' },
  ]);
  reader[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  expect(fixture.log.ofLevel('error')).toEqual([]);
});

test('a store of a newer version is refused and left as it is', async () => {
  const fixture = await usedStore();
  await (await openWith(fixture, later))[Symbol.asyncDispose]();
  const filesOf = () => readdirSync(fixture.directory).filter((name) => !/-(wal|shm)$/.test(name));
  const [content, names] = [readFileSync(fixture.path), filesOf()];
  await expect(fixture.open()).rejects.toThrow(StartupError);
  await expect(fixture.open()).rejects.toThrow(
    `"${fixture.path}" has the version 3, and this auraed knows those up to 1: start the auraed that wrote it`,
  );
  expect(readFileSync(fixture.path)).toEqual(content);
  expect(filesOf()).toEqual(names);
});
