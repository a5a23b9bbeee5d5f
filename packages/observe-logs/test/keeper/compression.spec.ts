import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { logSegmentName, sealedSegmentName } from '@aurae/observe-logs';
import { expect, it, onTestFinished } from 'vitest';
import { compressSegment } from '../../src/keeper/compress-segment.js';
import { readItems } from '../segments/collect.js';
import { openResources } from '../segments/open-resources.js';
import { KeeperFixture, recordsOf, temporaryDirectory } from './keeper-fixture.js';
import { workloadOf } from './workload.js';

const recordsPerSegment = 40_000;
const segments = 6;
const never = new AbortController().signal;

/** Segments of 4 MB, and one that is written to. */
function largeLog(directory: string): string {
  mkdirSync(directory);
  for (let segment = 0; segment < segments; segment++) {
    const first = segment * recordsPerSegment + 1;
    const count = segment < segments - 1 ? recordsPerSegment : 1;
    // So that compression takes its time and bytes.
    const filler = randomText(50 * count).replace(/\n/g, ' ');
    const records = recordsOf(first, count, 1_700_000_000_000).split('\n').slice(0, -1);
    const text = records.map(
      (record, index) => `${record.slice(0, 50)} ${filler.slice(index * 50, index * 50 + 49)}\n`,
    );
    writeFileSync(join(directory, logSegmentName(first)), text.join(''));
  }
  return directory;
}

/** A small file system of its own; undefined where it cannot be mounted. */
function smallFileSystem(bytes: number): string | undefined {
  const path = join(temporaryDirectory(), 'disk');
  mkdirSync(path);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'aurae-test', path], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', [path]));
  return path;
}

it('a keeper that is killed while it compresses leaves a log that the next one takes up, with every record', async () => {
  const directory = largeLog(join(temporaryDirectory(), 'log'));
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const unfinished = () => readdirSync(directory).find((name) => name.endsWith('.new'));
  const writtenBytes = () => {
    const name = unfinished();
    return name === undefined ? -1 : (statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? -1);
  };
  for (const minimumBytes of [0, 500_000, 1_000_000]) {
    const child = fork(path('../fixtures/run.js'), [path('compression-child.ts'), directory]);
    onTestFinished(() => void child.kill('SIGKILL'));
    // It is a matter of milliseconds.
    while (writtenBytes() < minimumBytes) await delay(1);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const kept = readdirSync(directory).filter((name) => /\.(log|gz)$/.test(name));
    expect(new Set(kept.map((name) => Number.parseInt(name, 10))).size).toBe(segments);
  }
  const fixture = new KeeperFixture({ compress: true });
  fixture.keeper.keep(workloadOf('web'), directory);
  const forms = () => fixture.written(directory).segments;
  await fixture.until(() => forms().filter((name) => name.endsWith('.gz')).length === segments - 2);
  await fixture.keeper.dispose();
  expect(unfinished()).toBeUndefined();
  expect(forms().slice(-3)).toEqual(['120001.sealed.log.gz', '160001.sealed.log', '200001.log']);
  let sequence = 0;
  for (const item of await readItems({ directory })) {
    if (Number(item.sequence) !== ++sequence || !item.line.startsWith(`line ${sequence} `))
      expect.unreachable(item.line);
  }
  expect(sequence).toBe((segments - 1) * recordsPerSegment + 1);
});

it('a disk that is full in the middle of a compression leaves the segment as it was', async ({ skip }) => {
  const disk = smallFileSystem(3_000_000);
  if (disk === undefined) return skip('no file system can be mounted here');
  const from = join(disk, sealedSegmentName(1));
  writeFileSync(from, randomText(2_500_000));
  const before = readFileSync(from);
  const to = join(disk, 'compressed');
  await expect(compressSegment(from, to, never)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(readdirSync(disk)).toEqual([sealedSegmentName(1)]);
  expect(readFileSync(from).equals(before)).toBe(true);
  expect(openResources(disk)).toEqual([]);
});

it('a keeper waits with its compression for room on the disk, and says so', async ({ skip }) => {
  const disk = smallFileSystem(4_200_000);
  if (disk === undefined) return skip('no file system can be mounted here');
  const fixture = new KeeperFixture({ compress: true });
  const directory = join(disk, 'log');
  mkdirSync(directory);
  for (const first of [1, 10_001, 20_001]) {
    writeFileSync(join(directory, logSegmentName(first)), recordsOf(first, 10_000, fixture.clock.now()));
  }
  const filling = join(disk, 'filling');
  writeFileSync(filling, Buffer.alloc(500_000));
  fixture.keeper.keep(workloadOf('web'), directory);
  fixture.keeper.start();
  await fixture.until(() => fixture.keeper.status().notice.includes('Cannot compress logs'));
  const { log, clock, keeper } = fixture;
  await clock.advance(200_000);
  expect(fixture.written(directory).segments).toEqual(['1.sealed.log', '10001.sealed.log', '20001.log']);
  expect(readdirSync(directory).filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(log.lines).toHaveLength(1);
  await rm(filling);
  await fixture.until(() => fixture.written(directory).segments[0] === '1.sealed.log.gz');
  await fixture.becomes(() => keeper.status().notice).toBe('');
  expect(log.lines).toHaveLength(2);
});

it('a compression keeps content and time, and is whole or not there', async () => {
  const directory = temporaryDirectory();
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  const text = randomText(3_000_000);
  writeFileSync(from, text);
  await compressSegment(from, to, never);
  expect(gunzipSync(readFileSync(to)).toString()).toBe(text);
  expect(Math.abs(statSync(to).mtimeMs - statSync(from).mtimeMs)).toBeLessThan(1);
  expect(statSync(to).mode & 0o777).toBe(0o600);
  await expect(compressSegment(from, to, never)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(existsSync(to)).toBe(true);
  await expect(compressSegment(join(directory, 'absent'), join(directory, 'other'), never)).rejects.toThrow('ENOENT');
  const aborted = [0, 1, 5, 20].map(async (delayMs) => {
    const target = join(directory, `aborted-${delayMs}`);
    await expect(compressSegment(from, target, AbortSignal.timeout(delayMs))).rejects.toThrow();
  });
  await Promise.all(aborted);
  expect(readdirSync(directory).sort()).toEqual(['from', 'to']);
  expect(openResources(directory)).toEqual([]);
});

/** That gzip can hardly make smaller. */
function randomText(length: number): string {
  let state = 1;
  const next = () => {
    state = (state * 48_271) % 0x7fffffff;
    return 33 + (state % 90);
  };
  return Buffer.from(Uint8Array.from({ length }, next)).toString('latin1');
}
