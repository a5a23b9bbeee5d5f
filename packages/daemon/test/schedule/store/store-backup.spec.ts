import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { entriesOf, entryNamed, put, StoreFixture } from './store-fixture.js';

const backupOf = ({ directory }: StoreFixture) => join(directory, 'schedule.backup.db');
const inode = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.ino;

/** What a restored backup holds. */
async function contentsOf(backup: string): Promise<unknown> {
  const fixture = new StoreFixture();
  writeFileSync(fixture.path, await import('node:fs').then(({ readFileSync }) => readFileSync(backup)));
  return entriesOf(await fixture.open());
}

test('an opening makes a backup', async () => {
  const fixture = new StoreFixture();
  await (await fixture.open()).commit([put('web', 1)]);
  await fixture.close();
  rmSync(backupOf(fixture));
  await fixture.open();
  fixture.clock.advance(0);
  await vi.waitFor(() => expect(existsSync(backupOf(fixture))).toBe(true), 10_000);
  expect(await contentsOf(backupOf(fixture))).toEqual([entryNamed('web', 1)]);
});

test('a backup follows a change, at most once a minute', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  fixture.clock.advance(0);
  await vi.waitFor(() => expect(existsSync(backupOf(fixture))).toBe(true), 10_000);
  const first = inode(backupOf(fixture));
  await store.commit([put('web', 1)]);
  fixture.clock.advance(59_999);
  await store.commit([put('db', 2)]);
  expect(inode(backupOf(fixture))).toBe(first);
  await vi.waitFor(() => {
    fixture.clock.advance(1);
    expect(inode(backupOf(fixture))).not.toBe(first);
  }, 10_000);
  expect(await contentsOf(backupOf(fixture))).toEqual([entryNamed('web', 1), entryNamed('db', 2)]);
});

test('an orderly end makes a last backup, which has the id of the store', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  await fixture.close();
  const restored = new StoreFixture();
  writeFileSync(restored.path, await import('node:fs').then(({ readFileSync }) => readFileSync(backupOf(fixture))));
  const again = await restored.open();
  expect(again.id).toBe(store.id);
  expect(await entriesOf(again)).toEqual([entryNamed('web', 1)]);
});

test('what a crash has left of a backup is removed', async () => {
  const fixture = new StoreFixture();
  for (const name of ['schedule.backup.db.new', 'schedule.backup.db.new-journal']) {
    writeFileSync(join(fixture.directory, name), 'part');
  }
  await fixture.open();
  expect(readdirSync(fixture.directory)).toEqual(['schedule.db', 'schedule.db-shm', 'schedule.db-wal']);
});

test('a backup that cannot be written is a warning, and no more', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  mkdirSync(join(backupOf(fixture), 'in the way'), { recursive: true });
  await store.commit([put('web', 1)]);
  expect(await entriesOf(await fixture.reopen())).toEqual([entryNamed('web', 1)]);
  expect(fixture.log.ofLevel('warn')).toContainEqual(expect.stringContaining('Cannot write the backup'));
});
