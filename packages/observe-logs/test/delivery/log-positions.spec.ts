import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogPlace, LogPositions } from '@aurae/observe-logs';
import { type BackendLog, meta } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { workloadNamed } from '../fixtures/dispatch.js';
import { ManualClock } from '../fixtures/manual-clock.js';
import { openResources } from '../segments/open-resources.js';

const web = workloadNamed('web');
const isRoot = process.getuid?.() === 0;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-positions-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const place = (afterSequence: number, logId = 'log-1'): LogPlace => ({ logId, afterSequence: BigInt(afterSequence) });

/** Remembers the messages. */
class ListLog implements BackendLog {
  readonly messages: string[] = [];
  readonly debug = (message: string) => void this.messages.push(message);
  readonly info = this.debug;
  readonly warn = this.debug;
  readonly error = this.debug;
}

function statesOf(positions: LogPositions): Record<string, LogPlace | undefined> {
  return Object.fromEntries([...positions.workloads()].map((workload) => [workload.name, positions.get(workload)]));
}

/** What somebody finds who starts with this as the file. */
async function found(content: Buffer | string): Promise<Record<string, LogPlace | undefined>> {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-positions-'));
  writeFileSync(join(directory, 'positions'), content);
  const positions = await LogPositions.open({ directory });
  await positions.close();
  rmSync(directory, { recursive: true });
  return statesOf(positions);
}

describe('positions', () => {
  it('are there again after the next start, of every kind and name, and those that were deleted are not', async () => {
    const directory = join(temporaryDirectory(), 'made', 'as needed');
    const names = ['web', 'a b\n"c"', 'ünï', '\ud800', 'x'.repeat(5000)];
    const first = await LogPositions.open({ directory });
    for (const [index, name] of names.entries()) first.set(workloadNamed(name), place(index + 1));
    first.set({ kind: meta.WorkloadKind.WORKLOAD_KIND_INSTANCE, name: 'web' }, place(2 ** 53));
    first.set(workloadNamed('gone'), place(7));
    first.delete(workloadNamed('gone'));
    await first.close();
    const second = await LogPositions.open({ directory });
    expect(names.map((name) => second.get(workloadNamed(name)))).toEqual([1, 2, 3, 4, 5].map((index) => place(index)));
    expect(second.get({ kind: meta.WorkloadKind.WORKLOAD_KIND_INSTANCE, name: 'web' })).toEqual(place(2 ** 53));
    expect(second.size).toBe(6);
    await second.close();
    expect(statSync(join(directory, 'positions')).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(openResources(directory)).toEqual([]);
  });

  it('are saved together, a moment later, and nothing waits once they are', async () => {
    const directory = temporaryDirectory();
    const clock = new ManualClock();
    const positions = await LogPositions.open({ directory, clock });
    for (let sequence = 1; sequence <= 1000; sequence++) positions.set(web, place(sequence));
    await clock.advance(249);
    expect(openResources(directory)).toEqual([]);
    await clock.advance(1);
    await positions.save();
    expect(readFileSync(join(directory, 'positions'), 'utf8').split('\n')).toHaveLength(2);
    await clock.advance(1000);
    expect(clock.sleeping).toBe(0);
    await positions.close();
    await positions.close();
    expect(clock.sleeping).toBe(0);
  });

  it('do not make the file grow without bound', async () => {
    const directory = temporaryDirectory();
    const positions = await LogPositions.open({ directory, clock: new ManualClock() });
    for (let round = 1; round <= 2500; round++) {
      positions.set(web, place(round));
      await positions.save();
    }
    await positions.close();
    expect(readFileSync(join(directory, 'positions'), 'utf8').split('\n').length).toBeLessThan(1100);
    expect((await LogPositions.open({ directory })).get(web)).toEqual(place(2500));
  });

  it('are 20,000 at most: the one goes that was not set for the longest time', async () => {
    const positions = await LogPositions.open({ directory: temporaryDirectory(), clock: new ManualClock() });
    for (let index = 0; index < 20_000; index++) positions.set(workloadNamed(`workload-${index}`), place(index));
    positions.set(workloadNamed('workload-0'), place(99));
    positions.set(web, place(1));
    expect(positions.size).toBe(20_000);
    expect(positions.get(workloadNamed('workload-0'))).toEqual(place(99));
    expect(positions.get(workloadNamed('workload-1'))).toBeUndefined();
    await positions.close();
  });

  it('whose file is cut at any byte are as they were at an earlier moment', async () => {
    const directory = temporaryDirectory();
    const positions = await LogPositions.open({ directory, clock: new ManualClock() });
    const states: Record<string, LogPlace | undefined>[] = [{}];
    for (let step = 1; step <= 12; step++) {
      const workload = workloadNamed(`w${step % 3}`);
      if (step % 5 === 0) positions.delete(workload);
      else positions.set(workload, place(step * 1000, `log-${step % 2}`));
      states.push(statesOf(positions));
      await positions.save();
    }
    await positions.close();
    const content = readFileSync(join(directory, 'positions'));
    let earliest = 0;
    for (let length = 0; length <= content.length; length++) {
      const state = await found(content.subarray(0, length));
      const index = states.findIndex(
        (other, at) => at >= earliest && JSON.stringify(sorted(other)) === JSON.stringify(sorted(state)),
      );
      expect(index).toBeGreaterThanOrEqual(earliest);
      earliest = index;
    }
    expect(earliest).toBe(12);
  });

  it('go on in a file with half a line at its end', async () => {
    const directory = temporaryDirectory();
    const log = new ListLog();
    const first = await LogPositions.open({ directory });
    first.set(web, place(1));
    await first.save();
    first.set(web, place(12345));
    await first.close();
    const path = join(directory, 'positions');
    writeFileSync(path, readFileSync(path).subarray(0, -3));
    const second = await LogPositions.open({ directory, log });
    expect(second.get(web)).toEqual(place(1));
    second.set(web, place(2));
    await second.close();
    expect((await LogPositions.open({ directory })).get(web)).toEqual(place(2));
    expect(log.messages).toEqual(['Damaged lines in the positions of a log sink were ignored']);
  });

  it('of a damaged file are never ahead of what was set, whatever became of its bytes', async () => {
    const directory = temporaryDirectory();
    const positions = await LogPositions.open({ directory, clock: new ManualClock() });
    for (let sequence = 1; sequence <= 20; sequence++) {
      positions.set(web, place(sequence));
      await positions.save();
    }
    await positions.close();
    const content = readFileSync(join(directory, 'positions'));
    const change = fc.record({ at: fc.nat({ max: content.length - 1 }), byte: fc.nat({ max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 40 }), async (changes) => {
        const damaged = Buffer.from(content);
        for (const { at, byte } of changes) damaged[at] = byte;
        const state = await found(damaged);
        expect(Object.keys(state).filter((name) => name !== 'web')).toEqual([]);
        expect(Number(state['web']?.afterSequence ?? 0n)).toBeLessThanOrEqual(20);
      }),
      { numRuns: 100 },
    );
  });
});

function sorted(state: Record<string, LogPlace | undefined>): unknown {
  return Object.keys(state)
    .sort()
    .map((name) => [name, state[name]?.logId, String(state[name]?.afterSequence)]);
}

describe('positions that cannot be kept on disk', () => {
  it('stay in memory, are tried again, counted and told once, and are whole as soon as it works', async () => {
    const directory = join(temporaryDirectory(), 'blocked');
    writeFileSync(directory, 'a file where the directory should be');
    const [clock, log] = [new ManualClock(), new ListLog()];
    const positions = await LogPositions.open({ directory, clock, log });
    positions.set(web, place(1));
    positions.set(workloadNamed('gone'), place(1));
    await clock.advance(250);
    await positions.save();
    positions.delete(workloadNamed('gone'));
    await positions.save();
    expect(positions.get(web)).toEqual(place(1));
    expect(positions.failedSaves).toBeGreaterThanOrEqual(2);
    rmSync(directory);
    await clock.advance(60_000);
    await positions.close();
    expect(statesOf(await LogPositions.open({ directory }))).toEqual({ web: place(1) });
    expect(log.messages.filter((message) => message.includes('cannot be saved'))).toHaveLength(1);
    expect(log.messages.at(-1)).toBe('The positions of a log sink are saved again');
    expect(clock.sleeping).toBe(0);
  });

  it('begin with nothing when they cannot be read, and say so', async () => {
    const directory = temporaryDirectory();
    const log = new ListLog();
    mkdirSync(join(directory, 'positions'));
    const positions = await LogPositions.open({ directory, log });
    expect(positions.size).toBe(0);
    expect(log.messages.some((message) => message.includes('cannot be read'))).toBe(true);
    await positions.close();
  });

  it('are not read or written through a symbolic link', async () => {
    const directory = temporaryDirectory();
    const target = join(directory, 'target');
    writeFileSync(target, 'untouched');
    symlinkSync(target, join(directory, 'positions'));
    const positions = await LogPositions.open({ directory });
    positions.set(web, place(1));
    await positions.close();
    expect(readFileSync(target, 'utf8')).toBe('untouched');
    expect((await LogPositions.open({ directory })).get(web)).toEqual(place(1));
  });

  it.skipIf(!isRoot)('on a full disk leave the old ones whole, and nothing behind', async () => {
    const directory = temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory]);
    try {
      const clock = new ManualClock();
      const positions = await LogPositions.open({ directory, clock });
      positions.set(web, place(1));
      await positions.save();
      writeFileSync(join(directory, 'filler'), Buffer.alloc(52 * 1024));
      for (let index = 0; index < 2000; index++) positions.set(workloadNamed(`workload-${index}`), place(index));
      await positions.save();
      await positions.save();
      expect(positions.failedSaves).toBe(2);
      const before = await LogPositions.open({ directory });
      expect(before.get(web)).toEqual(place(1));
      await before.close();
      rmSync(join(directory, 'filler'));
      execFileSync('mount', ['-o', 'remount,size=4m', directory]);
      await clock.advance(60_000);
      await positions.close();
      const after = await LogPositions.open({ directory });
      expect(after.size).toBe(2001);
      await after.close();
      expect(openResources(directory)).toEqual([]);
    } finally {
      execFileSync('umount', ['-l', directory]);
    }
  });
});
