import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ResourceExhaustedError } from '@aurae/proto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StartupError } from '../../../src/lifecycle/startup-error.js';
import { entriesOf, entryNamed, keyNamed, put, StoreFixture } from './store-fixture.js';

const isRoot = process.getuid?.() === 0;
const large = 'x'.repeat(200_000);

/** A store on a disk of 4 MiB, which goes when the test ends. */
function smallDisk(): StoreFixture {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'aurae-test', directory]);
  // Hooks run in the reverse order: the store closes first.
  onTestFinished(() => rmSync(directory, { recursive: true }));
  // Lazily: libsql gives some descriptors back only once they are collected.
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
  return new StoreFixture(directory);
}

/** @param left how many pages are to be free */
function fill({ directory }: StoreFixture, left = 0): void {
  const path = join(directory, 'filler');
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4096, 1));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
  truncateSync(path, statSync(path).size - left * 4096);
}

function empty({ directory }: StoreFixture): void {
  rmSync(join(directory, 'filler'));
}

describe.skipIf(!isRoot)('on a full disk (needs root for a disk of its own)', () => {
  test('a decision fails and says why, what was before stands, and the next one succeeds once there is space', async () => {
    const fixture = smallDisk();
    const store = await fixture.open();
    await store.commit([put('web', 1)]);
    fill(fixture);
    const refused = store.commit([put('web', 2, large), { kind: 'delete', key: keyNamed('web') }, put('db', 3, large)]);
    await expect(refused).rejects.toBeInstanceOf(ResourceExhaustedError);
    await expect(refused).rejects.toThrow(`"${fixture.path}": the disk is full; free some space, then try again`);
    expect(await entriesOf(store)).toEqual([entryNamed('web', 1)]);
    expect(store.lastRevision).toBe(1);
    empty(fixture);
    await store.commit([put('web', 2, large)]);
    expect(await entriesOf(await fixture.reopen())).toEqual([entryNamed('web', 2, large)]);
  });

  test('a small decision does not fail because of a large one that was called for with it', async () => {
    const fixture = smallDisk();
    const store = await fixture.open();
    await store.commit([put('web', 1)]);
    fill(fixture, 24);
    const results = await Promise.allSettled([store.commit([put('large', 3, large)]), store.commit([put('small', 4)])]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect((await entriesOf(store)).map(({ key }) => key.name)).toEqual(['web', 'small']);
  });

  test('progress and history wait in memory, are complained about once, and are written once there is space', async () => {
    const fixture = smallDisk();
    const store = await fixture.open();
    await store.commit([put('web', 1)]);
    fill(fixture);
    store.keepProgress(keyNamed('web'), { restarts: 5, readyRun: large });
    store.keepHistory({ key: keyNamed('web'), timestampMs: 1, type: 'started', message: large });
    for (let tries = 0; tries < 4; tries += 1) {
      fixture.clock.advance(60_000);
      await store.load();
    }
    const complaints = () => fixture.log.ofLevel('warn').filter((message) => message.includes('progress and history'));
    expect(complaints()).toHaveLength(1);
    expect((await store.history(keyNamed('web'))).map(({ sequence }) => sequence)).toEqual([1]);
    empty(fixture);
    fixture.clock.advance(60_000);
    const [loaded] = await store.load();
    expect(loaded?.progress.restarts).toBe(5);
    expect(fixture.log.ofLevel('info')).toContainEqual(expect.stringContaining('again'));
    const reopened = await fixture.reopen();
    expect(await reopened.history(keyNamed('web'))).toHaveLength(1);
  });

  test('what waits to be written about a workload that is deleted meanwhile does not come to its successor', async () => {
    const fixture = smallDisk();
    const store = await fixture.open();
    await store.commit([put('web', 1)]);
    fill(fixture, 24);
    store.keepProgress(keyNamed('web'), { restarts: 5, readyRun: large });
    store.keepHistory({ key: keyNamed('web'), timestampMs: 1, type: 'started', message: 'by x' });
    await store.commit([{ kind: 'delete', key: keyNamed('web') }]);
    await store.commit([put('web', 2)]);
    empty(fixture);
    const reopened = await fixture.reopen();
    expect(await reopened.load()).toEqual([{ entry: entryNamed('web', 2), progress: { restarts: 0 } }]);
    expect(await reopened.history(keyNamed('web'))).toEqual([]);
  });

  test('a new store cannot be made, and nothing is set aside', async () => {
    const fixture = smallDisk();
    fill(fixture);
    await expect(fixture.open()).rejects.toThrow(StartupError);
    empty(fixture);
    expect(await (await fixture.open()).load()).toEqual([]);
    expect(fixture.log.ofLevel('error')).toEqual([]);
  });

  test('the backup that could not be replaced stays, and no part of a new one does', async () => {
    const fixture = smallDisk();
    const store = await fixture.open();
    await store.commit([put('web', 1)]);
    await fixture.close();
    const again = await fixture.open();
    await again.commit([put('web', 2, large)]);
    fill(fixture);
    await fixture.close();
    expect(readdirSync(fixture.directory)).not.toContain('schedule.backup.db.new');
    expect(fixture.log.ofLevel('warn')).toContainEqual(expect.stringContaining('Cannot write the backup'));
    empty(fixture);
    // The disk did not take what is in the log of the store: it is not of the backup.
    execFileSync('mv', [join(fixture.directory, 'schedule.backup.db'), fixture.path]);
    expect(await entriesOf(await fixture.open())).toEqual([entryNamed('web', 1)]);
  });

  test('a disk that is only for reading is an error, and nothing is set aside', async () => {
    const fixture = smallDisk();
    await (await fixture.open()).commit([put('web', 1)]);
    await fixture.close();
    const names = readdirSync(fixture.directory);
    execFileSync('mount', ['-o', 'bind', fixture.directory, fixture.directory]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', fixture.directory]));
    execFileSync('mount', ['-o', 'remount,bind,ro', fixture.directory]);
    await expect(fixture.open()).rejects.toThrow(StartupError);
    await expect(fixture.open()).rejects.toThrow('read-only');
    expect(readdirSync(fixture.directory)).toEqual(names);
  });
});
