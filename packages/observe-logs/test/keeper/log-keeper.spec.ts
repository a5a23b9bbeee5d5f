import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { listLogSegments, readSegmentIndex } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { readItems } from '../segments/collect.js';
import { quiet } from '../fixtures/manual-clock.js';
import { openResources } from '../segments/open-resources.js';
import { KeeperFixture, recordsOf, temporaryDirectory } from './keeper-fixture.js';
import { workloadOf } from './workload.js';

const segmentBytes = 1000;

describe('complete segments', () => {
  it('are taken over at a rotation, indexed, and compressed later, but for the newest; the last is not touched', async () => {
    const fixture = new KeeperFixture({ compress: true });
    const { keeper, clock } = fixture;
    const written = fixture.written();
    const kept = keeper.keep(workloadOf('web'), written.directory);
    keeper.start();
    await written.rotate(4);
    kept.rotated();
    await fixture.becomes(() => written.segments).toEqual(['1.sealed.log', '11.sealed.log', '21.sealed.log', '31.log']);
    await fixture.until(async () => (await fixture.indexed(written.directory)).length === 3);
    await fixture.until(() => written.segments[1] === '11.sealed.log.gz');
    await clock.advance(100_000);
    expect(written.segments).toEqual(['1.sealed.log.gz', '11.sealed.log.gz', '21.sealed.log', '31.log']);
    const gz = readFileSync(join(written.directory, '00000000000000000011.sealed.log.gz'));
    expect(gunzipSync(gz).toString()).toContain('line 15 ');
    expect((await readSegmentIndex(written.directory)).get(11)).toMatchObject({ records: 10, bytes: segmentBytes });
    const status = keeper.status();
    expect(status).toMatchObject({ uncompressedBytes: 4000n, removedBytes: 0n, notice: '' });
    expect(Number(status.bytes)).toBe(written.bytes);
    expect(openResources(written.directory)).toEqual([]);
    const lines = (await readItems({ directory: written.directory })).map(({ sequence }) => Number(sequence));
    expect(lines).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('that go before their time has come are neither read nor compressed', async () => {
    const fixture = new KeeperFixture({ compress: true, maximumBytesPerWorkload: 2 * segmentBytes });
    const written = fixture.written();
    const kept = fixture.keeper.keep(workloadOf('web'), written.directory);
    fixture.keeper.start();
    for (let round = 0; round < 5; round++) {
      await written.rotate();
      kept.rotated();
      await fixture.becomes(() => written.segments.at(-1)).toBe(`${round * 10 + 1}.log`);
      await fixture.becomes(() => written.segments.length <= 2).toBe(true);
    }
    expect(written.segments).toEqual(['31.sealed.log', '41.log']);
    await fixture.until(async () => (await fixture.indexed(written.directory)).length > 0);
    expect(await fixture.indexed(written.directory)).toEqual([31]);
  });

  it('of an earlier program are found, with what it had left half done', async () => {
    const fixture = new KeeperFixture({ compress: true });
    const written = fixture.written();
    await written.rotate(4);
    const path = (name: string) => join(written.directory, name.padStart(name.length + 20 - name.indexOf('.'), '0'));
    writeFileSync(path('1.sealed.log.gz.new'), 'half');
    writeFileSync(path('11.sealed.log'), readFileSync(path('11.log')));
    rmSync(path('11.log'));
    writeFileSync(path('11.sealed.log.gz'), 'not even gzip');
    fixture.keeper.keep(workloadOf('web'), written.directory);
    await fixture.until(() => written.segments[1] === '11.sealed.log.gz');
    expect(written.segments).toEqual(['1.sealed.log.gz', '11.sealed.log.gz', '21.sealed.log', '31.log']);
    expect(await readItems({ directory: written.directory })).toHaveLength(40);
  });
});

describe('bounds', () => {
  it('of one log hold at each rotation, and what was removed is counted', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: 5 * segmentBytes });
    const { keeper } = fixture;
    const [web, db] = [fixture.written(), fixture.written()];
    const kept = keeper.keep(workloadOf('web'), web.directory);
    keeper.keep(workloadOf('db'), db.directory);
    keeper.start();
    await db.rotate(3);
    for (let round = 1; round <= 12; round++) {
      await web.rotate();
      kept.rotated();
      await fixture.becomes(() => web.segments.length).toBe(Math.min(round, 5));
      expect(web.bytes).toBeLessThanOrEqual(5 * segmentBytes);
    }
    await fixture.becomes(() => keeper.status().removedSegments).toBe(7n);
    expect(keeper.status()).toMatchObject({ removedBytes: 7000n, maxBytesPerWorkload: 5000n, bytes: 5000n });
    expect(kept.bytes).toBe(5000);
    expect(db.segments).toHaveLength(3);
  });

  it('of the node take the oldest records of all logs first', async () => {
    const fixture = new KeeperFixture({ maximumBytes: 4 * segmentBytes });
    const logs = [fixture.written(), fixture.written()];
    for (let round = 0; round < 3; round++) {
      for (const log of logs) {
        await log.rotate();
        await fixture.clock.advance(1000);
      }
    }
    for (const [index, { directory }] of logs.entries()) fixture.keeper.keep(workloadOf(`w${index}`), directory);
    for (const { directory } of logs) {
      await fixture.until(async () => (await fixture.indexed(directory)).length === 2);
    }
    fixture.keeper.start();
    await fixture
      .becomes(() => logs.map(({ segments }) => segments))
      .toEqual([
        ['11.sealed.log', '21.log'],
        ['11.sealed.log', '21.log'],
      ]);
    expect(fixture.keeper.status().largest.map(({ workload, bytes }) => [workload?.name, bytes])).toEqual([
      ['w0', 2000n],
      ['w1', 2000n],
    ]);
  });

  it('of age are kept by one timer, for the moment when the next segment is too old', async () => {
    const fixture = new KeeperFixture({ maximumAgeMs: 3_600_000 });
    const { keeper, clock } = fixture;
    const written = fixture.written();
    const begin = clock.now();
    await written.rotate();
    await clock.advance(600_000);
    await written.rotate();
    await clock.advance(600_000);
    await written.rotate();
    keeper.keep(workloadOf('web'), written.directory);
    keeper.start();
    await fixture.until(async () => (await fixture.indexed(written.directory)).length === 2);
    await clock.advance(begin + 3_600_000 - 1 - clock.now());
    expect(written.segments).toHaveLength(3);
    await clock.advance(1);
    await fixture.becomes(() => written.segments).toEqual(['11.sealed.log', '21.log']);
    await clock.advance(600_000 - 1);
    expect(written.segments).toHaveLength(2);
    await clock.advance(1);
    await fixture.becomes(() => written.segments).toEqual(['21.log']);
    await clock.advance(10 * 3_600_000);
    expect(written.segments).toEqual(['21.log']);
  });

  it('are not kept before the start, and then spare what is held', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: segmentBytes });
    const { keeper } = fixture;
    const holder = keeper.holder('loki', 1_000_000);
    const written = fixture.written();
    await written.rotate(6);
    keeper.keep(workloadOf('web'), written.directory);
    await fixture.becomes(() => written.segments[4]).toBe('41.sealed.log');
    holder.hold(workloadOf('web'), 25n);
    expect(written.segments).toHaveLength(6);
    keeper.start();
    await fixture.becomes(() => written.segments[0]).toBe('21.sealed.log');
    expect(holder.heldBytes).toBe(3000);
    expect(keeper.status()).toMatchObject({ spilledBytes: 3000n, bytes: 4000n });
    holder.hold(workloadOf('web'), 31n);
    await fixture.becomes(() => written.segments[0]).toBe('31.sealed.log');
    holder.dispose();
    await fixture.becomes(() => written.segments).toEqual(['51.log']);
    expect([holder.heldBytes, keeper.status().spilledBytes]).toEqual([0, 0n]);
  });

  it('give up what is held when a holder has had all its room, and say so', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: segmentBytes });
    const { keeper } = fixture;
    const holder = keeper.holder('loki', 2 * segmentBytes);
    const written = fixture.written();
    await written.rotate(6);
    const kept = keeper.keep(workloadOf('web'), written.directory);
    holder.hold(workloadOf('web'), 1n);
    keeper.start();
    await fixture.becomes(() => written.segments).toEqual(['31.sealed.log', '41.sealed.log', '51.log']);
    expect(keeper.status().notice).toContain('log sink "loki", 2000 bytes');
    await written.rotate();
    kept.rotated();
    await fixture.becomes(() => written.segments).toEqual(['41.sealed.log', '51.sealed.log', '61.log']);
    holder.hold(workloadOf('web'), 61n);
    await fixture.becomes(() => written.segments).toEqual(['61.log']);
    await fixture.becomes(() => keeper.status().notice).toBe('');
    expect(fixture.log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });
});

describe('a log', () => {
  it('that was let go of is touched no more', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: segmentBytes, compress: true });
    const written = fixture.written();
    await written.rotate(3);
    const kept = fixture.keeper.keep(workloadOf('web'), written.directory);
    await Promise.all([kept.release(), kept.release()]);
    const { files } = written;
    fixture.keeper.start();
    kept.rotated();
    await fixture.clock.advance(600_000);
    expect(written.files).toEqual(files);
    expect(fixture.keeper.status()).toMatchObject({ bytes: 0n, largest: [] });
  });

  it('that is let go of in the middle of a look is done with once that has resolved', async () => {
    const fixture = new KeeperFixture();
    const written = fixture.written();
    await written.rotate(300);
    const kept = fixture.keeper.keep(workloadOf('web'), written.directory);
    await fixture.becomes(() => written.segments[0]).toBe('1.sealed.log');
    await kept.release();
    const { files } = written;
    for (let round = 0; round < 100; round++) await quiet();
    expect(written.files).toEqual(files);
  });

  it('whose directory is absent, removed or made anew is followed, and none of that is a fault', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: 2 * segmentBytes, compress: true });
    const { keeper } = fixture;
    const written = fixture.written();
    rmSync(written.directory, { recursive: true });
    const kept = keeper.keep(workloadOf('web'), written.directory);
    keeper.start();
    kept.rotated();
    await written.rotate(5);
    kept.rotated();
    await fixture.becomes(() => written.segments).toEqual(['31.sealed.log', '41.log']);
    rmSync(written.directory, { recursive: true });
    await fixture.clock.advance(20_000);
    kept.rotated();
    await fixture.becomes(() => keeper.status().bytes).toBe(0n);
    const anew = fixture.written(written.directory);
    await anew.rotate(3);
    kept.rotated();
    await fixture.becomes(() => anew.segments).toEqual(['11.sealed.log', '21.log']);
    await fixture.until(async () => (await fixture.indexed(anew.directory)).length > 0);
    expect(fixture.log.lines).toEqual([]);
    expect(keeper.status().notice).toBe('');
  });

  it('whose rotations nobody tells is found by the sweep, and its growth as well', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: 2 * segmentBytes });
    const { keeper } = fixture;
    const written = fixture.written();
    await written.rotate();
    keeper.keep(workloadOf('web'), written.directory);
    keeper.start();
    await fixture.becomes(() => keeper.status().bytes).toBe(1000n);
    await written.grow(5);
    await fixture.until(() => keeper.status().bytes === 1500n, 60_000);
    await written.rotate(3);
    await fixture.until(() => written.segments.length === 2, 60_000);
  });

  it('of which the last segment grows is measured when somebody asks', async () => {
    const fixture = new KeeperFixture();
    const { keeper } = fixture;
    const written = fixture.written();
    await written.rotate();
    const kept = keeper.keep(workloadOf('web'), written.directory);
    await fixture.becomes(() => kept.bytes).toBe(1000);
    await written.grow(3);
    await keeper.refresh();
    expect(kept.bytes).toBe(1300);
  });

  it('that cannot be looked at is told of once, and tried again until that is over', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: segmentBytes });
    const { keeper, log } = fixture;
    const directory = join(temporaryDirectory(), 'log');
    writeFileSync(directory, 'a file');
    const kept = keeper.keep(workloadOf('web'), directory);
    keeper.start();
    await fixture.becomes(() => keeper.status().notice).toContain(`Cannot look at logs of workloads`);
    for (let round = 0; round < 5; round++) {
      kept.rotated();
      await fixture.clock.advance(1000);
    }
    expect(log.lines).toHaveLength(1);
    rmSync(directory);
    mkdirSync(directory);
    await fixture.until(() => keeper.status().notice === '', 60_000);
    expect(log.lines).toHaveLength(2);
  });

  it('has as many files as the writer left it, whatever lies beside them', async () => {
    const fixture = new KeeperFixture({ maximumBytesPerWorkload: 2 * segmentBytes });
    const written = fixture.written();
    await written.rotate(3);
    mkdirSync(join(written.directory, '00000000000000000005.log'));
    for (const name of ['notes.txt', '1.log', `${'9'.repeat(20)}.log`])
      writeFileSync(join(written.directory, name), '');
    const kept = fixture.keeper.keep(workloadOf('web'), written.directory);
    fixture.keeper.start();
    await fixture.becomes(() => written.files).toContain('00000000000000000011.sealed.log');
    await fixture.becomes(() => kept.bytes).toBe(2000);
    expect(written.files).toEqual([
      '00000000000000000005.log',
      '00000000000000000011.sealed.log',
      '00000000000000000021.log',
      '1.log',
      `${'9'.repeat(20)}.log`,
      'notes.txt',
    ]);
  });
});

it('numbers that begin anew below what is kept leave the writer its segment', async () => {
  const fixture = new KeeperFixture({ compress: true });
  const written = fixture.written();
  writeFileSync(join(written.directory, '00000000000000000501.sealed.log'), recordsOf(501, 10, fixture.clock.now()));
  await written.rotate();
  const kept = fixture.keeper.keep(workloadOf('web'), written.directory);
  await fixture.becomes(() => kept.bytes).toBe(2000);
  await fixture.clock.advance(100_000);
  expect(written.segments).toEqual(['1.log', '501.sealed.log']);
});

it('a keeper that is disposed leaves nothing half done, and takes no more', async () => {
  const fixture = new KeeperFixture({ compress: true });
  const logs = Array.from({ length: 20 }, () => fixture.written());
  for (const [index, log] of logs.entries()) {
    await log.rotate(4);
    fixture.keeper.keep(workloadOf(String(index)), log.directory);
  }
  await fixture.until(() => logs.some(({ segments }) => segments[0]?.endsWith('.gz') === true));
  await Promise.all([fixture.keeper.dispose(), fixture.keeper.dispose()]);
  const files = logs.map((log) => log.files);
  expect(files.flat().filter((name) => name.endsWith('.new'))).toEqual([]);
  expect(fixture.clock.sleeping).toBe(0);
  fixture.keeper.keep(workloadOf('late'), logs[0]?.directory ?? '').rotated();
  await fixture.clock.advance(100_000);
  expect(logs.map((log) => log.files)).toEqual(files);
  for (const { directory } of logs) expect(await listLogSegments(directory)).toHaveLength(4);
});
