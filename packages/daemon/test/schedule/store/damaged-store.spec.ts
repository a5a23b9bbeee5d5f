import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StartupError } from '../../../src/lifecycle/startup-error.js';
import { entriesOf, entryNamed, keyNamed, put, StoreFixture } from './store-fixture.js';

const aside = 'schedule.db.damaged-2026-11-22T20-15-00Z';
const backupAside = 'schedule.backup.db.before-2026-11-22T20-15-00Z';
const before = [entryNamed('web', 1), entryNamed('db', 2)];

/** A store that was closed in order, with a backup. */
async function closedStore(): Promise<StoreFixture> {
  const fixture = new StoreFixture();
  await (await fixture.open()).commit([put('web', 1), put('db', 2)]);
  await fixture.close();
  return fixture;
}

/** The command that a message gives, between quotes. */
function restore(message: string | undefined): void {
  const [, command = 'false'] = /run "(.*)", and start/.exec(message ?? '') ?? [];
  execFileSync('/bin/sh', ['-c', command]);
}

const damages: readonly [string, (path: string) => void][] = [
  ['is something else', (path) => writeFileSync(path, 'this is no database. '.repeat(500))],
  ['is cut in the middle', (path) => truncateSync(path, lstatSync(path).size / 2)],
  ['is cut in its first page', (path) => truncateSync(path, 700)],
  ['has zeros in the place of a page', (path) => writeFileSync(path, readFileSync(path).fill(0, 4096, 8192))],
  ['has lost all but its log', (path) => (writeFileSync(`${path}-wal`, readFileSync(path)), truncateSync(path, 0))],
];

describe('a store that', () => {
  test.each(damages)('%s is set aside as it is, and the message leads back to the backup', async (_what, damage) => {
    const fixture = await closedStore();
    damage(fixture.path);
    const found = readFileSync(fixture.path);
    const store = await fixture.open();
    expect(await store.load()).toEqual([]);
    expect(store.notice).toContain(`"${join(fixture.directory, backupAside)}"`);
    expect(readFileSync(join(fixture.directory, aside))).toEqual(found);
    const [message, ...others] = fixture.log.ofLevel('error');
    expect(others).toEqual([]);
    expect(message).toContain(`"${fixture.path}" is damaged (`);
    expect(message).toContain(`it was set aside as "${join(fixture.directory, aside)}", and the schedule is empty now`);
    await store.commit([put('new', 1)]);
    await fixture.close();
    restore(message);
    expect(await entriesOf(await fixture.open())).toEqual(before);
    expect(existsSync(join(fixture.directory, backupAside))).toBe(false);
  });
});

test('the next one that is damaged does not take the place of the first, nor does its backup', async () => {
  const fixture = await closedStore();
  for (const content of ['first', 'second', 'third']) {
    writeFileSync(fixture.path, content.repeat(1000));
    await (await fixture.open()).commit([put(content, 1)]);
    await fixture.close();
  }
  const names = readdirSync(fixture.directory);
  for (const name of ['', '-2', '-3']) expect(names).toContain(aside + name);
  for (const name of ['', '-2', '-3']) expect(names).toContain(backupAside + name);
  expect(readFileSync(join(fixture.directory, aside), 'utf8')).toContain('first');
});

test('the message says so where there is no backup', async () => {
  const fixture = new StoreFixture();
  writeFileSync(fixture.path, 'garbage'.repeat(1000));
  await fixture.open();
  expect(fixture.log.ofLevel('error')[0]).toMatch(/the schedule is empty now\. There is no backup of it$/);
});

test('a store that is gone is replaced by an empty one, and its backup is kept for whoever wants it back', async () => {
  const fixture = await closedStore();
  rmSync(fixture.path);
  expect(await (await fixture.open()).load()).toEqual([]);
  const [message] = fixture.log.ofLevel('error');
  expect(message).toContain('was gone');
  await fixture.close();
  restore(message);
  expect(await entriesOf(await fixture.open())).toEqual(before);
});

test('an empty file is a new store', async () => {
  const fixture = new StoreFixture();
  writeFileSync(fixture.path, '');
  expect(await (await fixture.open()).load()).toEqual([]);
  expect(fixture.log.lines).toEqual([]);
});

test('a backup alone, moved to the place of the store, is the store', async () => {
  const fixture = await closedStore();
  const { id } = await fixture.open();
  await fixture.close();
  execFileSync('mv', [join(fixture.directory, 'schedule.backup.db'), fixture.path]);
  const store = await fixture.open();
  expect(store.id).toBe(id);
  expect(await entriesOf(store)).toEqual(before);
});

test('the log that a killed auraed has left is not mixed into a backup that takes the place of its store', async () => {
  const killed = await closedStore();
  await (await killed.open()).commit([put('web', 3), put('new', 4)]);
  const fixture = new StoreFixture();
  for (const name of ['schedule.db', 'schedule.db-wal', 'schedule.backup.db']) {
    copyFileSync(join(killed.directory, name), join(fixture.directory, name));
  }
  execFileSync('mv', [join(fixture.directory, 'schedule.backup.db'), fixture.path]);
  expect(await entriesOf(await fixture.open())).toEqual(before);
  const log = 'schedule.db-wal.before-2026-11-22T20-15-00Z';
  expect(fixture.log.ofLevel('warn')).toEqual([expect.stringContaining(log)]);
  expect(readFileSync(join(fixture.directory, log))).toEqual(readFileSync(`${killed.path}-wal`));
});

test('a store of another program is set aside', async () => {
  const fixture = new StoreFixture();
  const { default: Database } = await import('libsql/promise');
  const other = new Database(fixture.path, {});
  await (other.exec('CREATE TABLE music (title TEXT)') as Promise<unknown>);
  other.close();
  await fixture.open();
  expect(fixture.log.ofLevel('error')[0]).toContain('(it is not a store of the schedule)');
});

test.each([
  ['a directory', (path: string) => void mkdirSync(path)],
  ['a symbolic link', (path: string) => symlinkSync('/nonexistent', path)],
  ['a FIFO', (path: string) => void execFileSync('mkfifo', [path])],
])('%s in the place of the store is refused and left alone', async (_what, make) => {
  const fixture = new StoreFixture();
  make(fixture.path);
  await expect(fixture.open()).rejects.toThrow(StartupError);
  await expect(fixture.open()).rejects.toThrow(`"${fixture.path}" is not a regular file: move it away`);
  expect(readdirSync(fixture.directory)).toEqual(['schedule.db']);
  expect(fixture.log.lines).toEqual([]);
});

test('a directory that is missing is an error that names the file', async () => {
  const fixture = new StoreFixture();
  rmSync(fixture.directory, { recursive: true });
  await expect(fixture.open()).rejects.toThrow(StartupError);
  await expect(fixture.open()).rejects.toThrow(`'${fixture.path}'`);
});

test('a file that others may read is closed to them', async () => {
  const fixture = await closedStore();
  chmodSync(fixture.path, 0o666);
  await fixture.open();
  expect(lstatSync(fixture.path).mode & 0o777).toBe(0o600);
});

test('of any damaged bit, either nothing comes or the store is set aside or refused as it is', async () => {
  const original = new StoreFixture();
  const store = await original.open();
  const names = Array.from({ length: 12 }, (_, index) => `workload ${index}`);
  await store.commit(names.map((name, index) => put(name, index + 1)));
  for (const name of names)
    store.keepHistory({ key: keyNamed(name), timestampMs: 1, type: 'started', message: 'by x' });
  const { id } = store;
  const entries = await entriesOf(store);
  await original.close();
  const whole = readFileSync(original.path);
  const seen = { nothing: 0, 'set aside': 0, refused: 0 };

  // Most of a small store is empty.
  const offsets = [...whole.keys()].filter((offset) => whole[offset] !== 0);
  const flip = fc.record({ offset: fc.noBias(fc.constantFrom(...offsets)), bit: fc.noBias(fc.nat(7)) });
  await fc.assert(
    fc.asyncProperty(flip, async ({ offset, bit }) => {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(offset) ^ (1 << bit), offset);
      const fixture = new StoreFixture();
      writeFileSync(fixture.path, damaged);
      seen[await outcomeOf(fixture, damaged, id, entries)] += 1;
      await fixture.close();
      rmSync(fixture.directory, { recursive: true });
    }),
    { numRuns: 100, examples: [0, 18, 27, 59, 63, 71, 100].map((offset) => [{ offset, bit: 3 }]) },
  );
  expect(seen['set aside']).toBeGreaterThan(20);
}, 240_000);

async function outcomeOf(fixture: StoreFixture, damaged: Buffer, id: string, entries: readonly unknown[]) {
  const opened = await fixture.open().catch((error: unknown) => error);
  if (opened instanceof Error) {
    expect(opened).toBeInstanceOf(StartupError);
    expect(readFileSync(fixture.path)).toEqual(damaged);
    return 'refused';
  }
  const store = opened as Awaited<ReturnType<StoreFixture['open']>>;
  if (existsSync(join(fixture.directory, aside))) {
    expect(readFileSync(join(fixture.directory, aside))).toEqual(damaged);
    expect(await store.load()).toEqual([]);
    return 'set aside';
  }
  expect(await entriesOf(store)).toEqual(entries);
  for (const name of ['workload 0', 'new']) {
    await store.commit([put(name, 100)]);
    await store.history(keyNamed(name));
  }
  expect(store.id).toBe(id);
  expect(store.lastRevision).toBeGreaterThanOrEqual(entries.length);
  return 'nothing';
}

test('a store that is removed while it is open takes no decision, and its backup stays as it is', async () => {
  const fixture = await closedStore();
  const store = await fixture.open();
  rmSync(fixture.path);
  const backup = readFileSync(join(fixture.directory, 'schedule.backup.db'));
  await expect(store.commit([put('late', 9)])).rejects.toThrow('was removed or replaced while auraed ran');
  expect(store.notice).toContain('was removed or replaced');
  await fixture.close();
  expect(readFileSync(join(fixture.directory, 'schedule.backup.db'))).toEqual(backup);
});
