import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ShuttingDownError } from '@aurae/proto';
import { expect, test, vi } from 'vitest';
import type { RunOutcome } from '../../../src/schedule/store/schedule-store.js';
import { SqliteReader } from '../../../src/schedule/store/sqlite-connection.js';
import { entriesOf, entryNamed, keyNamed, put, putOnTrial, StoreFixture } from './store-fixture.js';

const outcome: RunOutcome = { endedAtMs: 5, exitCode: '137', signal: 9, outOfMemory: true, message: "it's \0 'out'" };
const item = (name: string, type: string) => ({
  key: keyNamed(name),
  timestampMs: 7,
  type,
  message: `${type} of ${name}`,
});

test('a new store is empty, and has an id of its own that stays', async () => {
  const [fixture, other] = [new StoreFixture(), new StoreFixture()];
  const store = await fixture.open();
  expect(await store.load()).toEqual([]);
  expect(store.lastRevision).toBe(0);
  expect(store.id).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  expect((await other.open()).id).not.toBe(store.id);
  expect((await fixture.reopen()).id).toBe(store.id);
});

test('what was decided is there again, in the order of the revisions, with its progress', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  const progress = { restarts: 3, lastOutcome: outcome, lastDueMs: 12, readyRun: 'a run' };
  const strange = `sh -c 'echo "it''s"' -- \0 ; DROP TABLE entry; é 🙂`;
  await store.commit([put('late', 2), put(strange, 3)]);
  await store.commit([put('early', 1)]);
  store.keepProgress(keyNamed(strange), { restarts: 1 });
  store.keepProgress(keyNamed(strange), progress);
  const reopened = await fixture.reopen();
  expect(await reopened.load()).toEqual([
    { entry: entryNamed('early', 1), progress: { restarts: 0 } },
    { entry: entryNamed('late', 2), progress: { restarts: 0 } },
    { entry: entryNamed(strange, 3), progress },
  ]);
});

test('a disabled entry stays disabled, and an entry of another kind has a name of its own', async () => {
  const fixture = new StoreFixture();
  const disabled = entryNamed('web', 1, 'run web', false);
  const container = { ...entryNamed('web', 2), key: { ...keyNamed('web'), kind: 2 } };
  await (await fixture.open()).commit([
    { kind: 'put', entry: disabled },
    { kind: 'put', entry: container },
  ]);
  expect(await entriesOf(await fixture.reopen())).toEqual([disabled, container]);
});

test('the last revision never goes back, also when its entry is deleted or taken back', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 41)]);
  await store.commit([putOnTrial('db', 42)]);
  await store.commit([put('cache', 7), { kind: 'delete', key: keyNamed('web') }]);
  expect(store.lastRevision).toBe(42);
  expect((await fixture.reopen()).lastRevision).toBe(42);
});

test('a new entry on trial is gone at the next opening, with its history', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([putOnTrial('web', 1)]);
  store.keepHistory(item('web', 'enabled'));
  expect(await entriesOf(store)).toEqual([entryNamed('web', 1)]);
  const reopened = await fixture.reopen();
  expect(await reopened.load()).toEqual([]);
  expect(await reopened.history(keyNamed('web'))).toEqual([]);
});

test('an entry on trial gives way to the last one that was confirmed, which keeps its progress', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1, 'first')]);
  await store.commit([putOnTrial('web', 2, 'second')]);
  await store.commit([putOnTrial('web', 3, 'third')]);
  store.keepProgress(keyNamed('web'), { restarts: 8 });
  const reopened = await fixture.reopen();
  expect(await reopened.load()).toEqual([{ entry: entryNamed('web', 1, 'first'), progress: { restarts: 8 } }]);
});

test('an entry that was confirmed stays, and is what the next trial falls back to', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1, 'first')]);
  await store.commit([putOnTrial('web', 2, 'second')]);
  await store.commit([{ kind: 'confirm', key: keyNamed('web') }]);
  expect(await entriesOf(await fixture.reopen())).toEqual([entryNamed('web', 2, 'second')]);
  await (await fixture.reopen()).commit([putOnTrial('web', 3, 'third')]);
  expect(await entriesOf(await fixture.reopen())).toEqual([entryNamed('web', 2, 'second')]);
});

test('a delete in the middle of a trial leaves nothing to fall back to', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1, 'first')]);
  await store.commit([putOnTrial('web', 2, 'second')]);
  await store.commit([{ kind: 'delete', key: keyNamed('web') }]);
  await store.commit([putOnTrial('web', 3, 'third')]);
  expect(await entriesOf(await fixture.reopen())).toEqual([]);
});

test('history is numbered through the node, complete before it is written, and bounded for each workload', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1), put('db', 2)]);
  store.keepHistory(item('db', 'enabled'));
  for (let count = 1; count <= 250; count += 1) store.keepHistory({ ...item('web', 'started'), pid: count });
  const last = await store.history(keyNamed('web'));
  expect(last.map(({ pid }) => pid)).toEqual(Array.from({ length: 100 }, (_, index) => 151 + index));
  expect(last.at(-1)).toEqual({ ...item('web', 'started'), pid: 250, sequence: 251 });
  const reopened = await fixture.reopen();
  using reader = new SqliteReader(fixture.path);
  expect(await reader.rows('SELECT count(*) AS count FROM history')).toEqual([{ count: 101 }]);
  expect(await reopened.history(keyNamed('web'))).toEqual(last);
  expect(await reopened.history(keyNamed('db'))).toEqual([{ ...item('db', 'enabled'), sequence: 1 }]);
});

test('of more history than memory is given to, the oldest goes, and the log tells how much', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  for (let count = 1; count <= 10_001; count += 1) store.keepHistory({ ...item('web', 'started'), pid: count });
  await store.commit([]);
  expect((await store.history(keyNamed('web'))).at(-1)?.pid).toBe(10_001);
  expect(fixture.log.ofLevel('warn')).toEqual([expect.stringMatching(/^1000 entries of the history were dropped/)]);
});

test('numbers of the history are never given twice, also when what had them is deleted', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  store.keepHistory(item('web', 'enabled'));
  store.keepHistory(item('web', 'started'));
  await store.commit([{ kind: 'delete', key: keyNamed('web') }]);
  expect(await store.history(keyNamed('web'))).toEqual([]);
  const reopened = await fixture.reopen();
  await reopened.commit([put('web', 2)]);
  reopened.keepHistory(item('web', 'enabled'));
  expect(await reopened.history(keyNamed('web'))).toEqual([{ ...item('web', 'enabled'), sequence: 3 }]);
});

test('progress and history stand in the order of the calls among the decisions, which nobody waits for', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  const key = keyNamed('web');
  store.keepHistory(item('web', 'before'));
  const decisions = [store.commit([put('web', 1)])];
  store.keepProgress(key, { restarts: 1 });
  decisions.push(store.commit([{ kind: 'delete', key }]), store.commit([put('web', 2)]));
  store.keepProgress(key, { restarts: 2 });
  store.keepHistory(item('web', 'after'));
  await Promise.all(decisions);
  const reopened = await fixture.reopen();
  expect(await reopened.load()).toEqual([{ entry: entryNamed('web', 2), progress: { restarts: 2 } }]);
  expect((await reopened.history(key)).map(({ type }) => type)).toEqual(['after']);
});

test('progress is written by itself after a short while', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  store.keepProgress(keyNamed('web'), { restarts: 4 });
  fixture.clock.advance(199);
  using reader = new SqliteReader(fixture.path);
  const isWritten = async () => expect((await reader.rows('SELECT progress FROM entry'))[0]?.['progress']).toBeTruthy();
  await vi.waitFor(isWritten, 10_000);
});

test('a decision that comes at any moment of the end of another one is not overlooked', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  for (let turns = 0; turns < 20; turns += 1) {
    await store.commit([put('web', turns)]);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  }
  expect(await entriesOf(store)).toEqual([entryNamed('web', 19)]);
});

test('a decision that cannot be encoded fails alone, those that were called for with it do not', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  const broken = { ...entryNamed('broken', 2), spec: { $case: 'executable', value: { argv: 5 } } } as never;
  const results = await Promise.allSettled([
    store.commit([put('web', 1)]),
    // Parts of it have been given to SQLite by then.
    store.commit([put('db', 2, 'x'.repeat(100_000)), { kind: 'put', entry: broken }]),
    store.commit([put('cache', 3)]),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await entriesOf(await fixture.reopen())).toEqual([entryNamed('web', 1), entryNamed('cache', 3)]);
});

test('only the owner may read any of its files', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  const modes = () =>
    readdirSync(fixture.directory).map((name) => [name, lstatSync(join(fixture.directory, name)).mode & 0o777]);
  expect(modes()).toEqual([
    ['schedule.db', 0o600],
    ['schedule.db-shm', 0o600],
    ['schedule.db-wal', 0o600],
  ]);
  await fixture.close();
  expect(modes()).toContainEqual(['schedule.backup.db', 0o600]);
});

test('a closed store takes nothing more, says so, and may be closed again', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  const decided = store.commit([put('web', 1)]);
  await Promise.all([store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]);
  await expect(decided).resolves.toBeUndefined();
  await expect(store.commit([put('db', 2)])).rejects.toBeInstanceOf(ShuttingDownError);
  await expect(store.load()).rejects.toBeInstanceOf(ShuttingDownError);
  await expect(store.history(keyNamed('web'))).rejects.toBeInstanceOf(ShuttingDownError);
  store.keepProgress(keyNamed('web'), { restarts: 1 });
  store.keepHistory(item('web', 'ended'));
});

test('a long message of the history is cut, waiting and written alike', async () => {
  const fixture = new StoreFixture();
  const store = await fixture.open();
  await store.commit([put('web', 1)]);
  store.keepHistory({ ...item('web', 'waiting'), message: 'x'.repeat(5000) });
  const cut = [`${'x'.repeat(1000)}…`];
  expect((await store.history(keyNamed('web'))).map(({ message }) => message)).toEqual(cut);
  expect((await (await fixture.reopen()).history(keyNamed('web'))).map(({ message }) => message)).toEqual(cut);
});
