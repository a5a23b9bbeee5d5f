import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  listLogSegments,
  LogSegmentWriter,
  type LogSegmentWriterOptions,
  nextLogSequence,
  type WrittenLine,
} from '@aurae/observe-logs';
import { FailedPreconditionError, InvalidSpecError, ResourceExhaustedError } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { linesOf, readItems, sequencesOf } from './collect.js';
import { criRecord, giveForm, segmentPath, temporaryDirectory, writeLogSegments } from './log-files.js';
import { openResources } from './open-resources.js';

const lineAt = (line: string | Uint8Array, timestampMs = 1000): WrittenLine => ({
  channel: 'stdout',
  line,
  timestampMs,
});

async function withWriter<Result>(
  options: LogSegmentWriterOptions,
  use: (writer: LogSegmentWriter) => Promise<Result>,
): Promise<Result> {
  const writer = await LogSegmentWriter.open(options);
  try {
    return await use(writer);
  } finally {
    await writer.close();
    await writer.close();
    expect(openResources(options.directory)).toEqual([]);
  }
}

const writtenLine: fc.Arbitrary<WrittenLine> = fc.record({
  channel: fc.constantFrom('stdout' as const, 'stderr' as const),
  line: fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' ')),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => bytes.map((byte) => (byte === 10 ? 11 : byte))),
    fc.nat({ max: 40_000 }).map((length) => 'ä€🙂x'.repeat(length / 4)),
  ),
  timestampMs: fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') }),
});

const textOf = (line: string | Uint8Array) => Buffer.from(line).toString('hex');

describe('a writer', () => {
  it('writes what is read back, in batches of any size, across restarts and rotations', async () => {
    const batches = fc.array(fc.array(writtenLine, { maxLength: 5 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batches, fc.boolean(), fc.boolean(), async (all, splitLines, reopens) => {
        const directory = join(temporaryDirectory(), 'deep', 'log');
        const options = { directory, segmentBytes: 4096, splitLines };
        let writer = await LogSegmentWriter.open(options);
        let next = 1;
        for (const lines of all) {
          expect(writer.nextSequence).toBe(next);
          expect(await writer.append(lines)).toEqual({ firstSequence: next, lost: 0 });
          if (!splitLines) expect(writer.nextSequence).toBe(next + lines.length);
          next = writer.nextSequence;
          if (!reopens) continue;
          await writer.close();
          writer = await LogSegmentWriter.open(options);
        }
        await writer.close();
        const items = await readItems({ directory, afterSequence: 0n });
        expect(items.map(({ sequence }) => Number(sequence))).toEqual(items.map((_, index) => index + 1));
        expect(items).toHaveLength(next - 1);
        const read: { channel: string; line: string; timestampMs: number }[] = [];
        let whole = Buffer.alloc(0);
        for (const { channel, line, lineBytes, timestamp, partial } of items) {
          whole = Buffer.concat([whole, lineBytes.length > 0 ? lineBytes : Buffer.from(line)]);
          if (partial) expect(whole.length).toBeGreaterThan(16_000);
          if (partial) continue;
          read.push({ channel, line: textOf(whole), timestampMs: Number(timestamp) });
          whole = Buffer.alloc(0);
        }
        expect(read).toEqual(all.flat().map((each) => ({ ...each, line: textOf(each.line) })));
        expect(openResources(directory)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('cuts long lines between characters', async () => {
    const directory = temporaryDirectory();
    const line = 'xä€🙂'.repeat(10_000);
    await withWriter({ directory }, (writer) => writer.append([lineAt(line)]));
    const items = await readItems({ directory });
    expect(items.map((item) => item.line).join('') === line).toBe(true);
    expect(items.filter(({ lineBytes }) => lineBytes.length > 0)).toEqual([]);
    expect(items.map(({ partial }) => partial)).toEqual([...Array<boolean>(items.length - 1).fill(true), false]);
  });

  it('goes on after a cut at any byte of the last record', async () => {
    const directory = temporaryDirectory();
    const append = (line: string) => withWriter({ directory }, (writer) => writer.append([lineAt(line)]));
    await append('one');
    await append('two');
    const whole = readFileSync(segmentPath(directory, 1));
    const secondStart = whole.indexOf(10) + 1;
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(segmentPath(directory, 1), whole.subarray(0, length));
      const kept = ['one', 'two'].slice(0, length < secondStart ? 0 : length < whole.length ? 1 : 2);
      expect(await append('more')).toEqual({ firstSequence: kept.length + 1, lost: 0 });
      expect(await linesOf({ directory })).toEqual([...kept, 'more']);
    }
  });

  it('begins a segment when one is full, and keeps as many as it is told', async () => {
    const directory = temporaryDirectory();
    const options = { directory, segmentBytes: 4096, segments: 3 };
    const lines = Array.from({ length: 40 }, (_, index) => lineAt(`${index + 1} `.padEnd(966, 'x')));
    await withWriter(options, (writer) => writer.append(lines));
    const firsts = async () => (await listLogSegments(directory)).map(({ firstSequence }) => firstSequence);
    expect(await firsts()).toEqual([29, 33, 37]);
    for (const { path } of await listLogSegments(directory)) {
      expect(statSync(path).size).toBeLessThanOrEqual(4096);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    await giveForm(directory, 33, 'compressed');
    await withWriter(options, (writer) => writer.append(lines.slice(0, 13)));
    expect(await firsts()).toEqual([33, 45, 49, 53]);
    const gap = (await readItems({ directory })).find(({ dropped }) => dropped > 0n);
    expect(gap).toMatchObject({ sequence: 45n, dropped: 8n });
  });

  it('writes what is handed over at once in its order', async () => {
    const directory = temporaryDirectory();
    await withWriter({ directory }, async (writer) => {
      await Promise.all(['a', 'b', 'c'].map((line) => writer.append([lineAt(line), lineAt(`${line}!`)])));
      expect(await linesOf({ directory })).toEqual(['a', 'a!', 'b', 'b!', 'c', 'c!']);
    });
  });

  it('leaves a gap where it is told to, once', async () => {
    const directory = temporaryDirectory();
    const options = { directory, minimumNextSequence: 100 };
    await withWriter({ directory }, (writer) => writer.append([lineAt('a')]));
    await withWriter(options, async (writer) => {
      expect(writer.nextSequence).toBe(100);
      await writer.append([lineAt('b')]);
    });
    await withWriter(options, (writer) => writer.append([lineAt('c')]));
    const items = await readItems({ directory });
    expect(items.map(({ sequence, dropped }) => [sequence, dropped])).toEqual([
      [1n, 0n],
      [100n, 98n],
      [101n, 0n],
    ]);
    await withWriter({ directory, minimumNextSequence: 200 }, () => Promise.resolve());
    expect(await nextLogSequence(directory)).toBe(200n);
  });

  it('goes on behind a segment that is sealed or compressed', async () => {
    for (const form of ['sealed', 'compressed'] as const) {
      const directory = temporaryDirectory();
      await writeLogSegments(directory, [{ firstSequence: 7, bytes: ['a', 'b'].map((line) => criRecord(line)) }]);
      await giveForm(directory, 7, form);
      await withWriter({ directory }, (writer) => writer.append([lineAt('c')]));
      expect(await sequencesOf({ directory, afterSequence: 6n })).toEqual([7, 8, 9]);
    }
  });

  it('goes on when its log was removed, and tells what is missing', async () => {
    const directory = join(temporaryDirectory(), 'log');
    await withWriter({ directory }, async (writer) => {
      await writer.append([lineAt('a')]);
      rmSync(directory, { recursive: true });
      expect(await writer.append([lineAt('b')])).toEqual({ firstSequence: 2, lost: 0 });
      expect(await sequencesOf({ directory, afterSequence: 0n })).toEqual([2]);
    });
  });

  it('that cannot write counts what is lost, and a reader is told', async () => {
    const directory = join(temporaryDirectory(), 'log');
    await withWriter({ directory }, async (writer) => {
      await writer.append([lineAt('a')]);
      rmSync(directory, { recursive: true });
      writeFileSync(directory, 'in its way');
      expect(await writer.append([lineAt('b'), lineAt('c')])).toEqual({ firstSequence: 2, lost: 2 });
      expect(writer).toMatchObject({ lost: 2, failure: { code: 'ENOTDIR' } });
      rmSync(directory);
      expect(await writer.append([lineAt('d')])).toEqual({ firstSequence: 4, lost: 0 });
      expect(writer).toMatchObject({ lost: 2, failure: undefined });
      const [item] = await readItems({ directory, afterSequence: 0n });
      expect(item).toMatchObject({ line: 'd', sequence: 4n, dropped: 3n });
    });
  });

  it('refuses a line that cannot be a record, and writes none of the others', async () => {
    const directory = temporaryDirectory();
    await withWriter({ directory, splitLines: false }, async (writer) => {
      for (const wrong of [
        lineAt('a\nb'),
        lineAt('a', Number.NaN),
        lineAt('a', 8.64e15),
        lineAt('x'.repeat(1_048_513)),
        { ...lineAt('a'), channel: 'stdin' as 'stdout' },
      ]) {
        await expect(writer.append([lineAt('a'), wrong])).rejects.toThrow(InvalidSpecError);
      }
      await writer.append([lineAt('x'.repeat(1_048_512))]);
      const [item, ...others] = await readItems({ directory });
      expect(item).toMatchObject({ sequence: 1n, partial: false });
      expect(item?.line).toHaveLength(1_048_512);
      expect(others).toEqual([]);
    });
  });

  it('holds a bounded number of bytes that wait to be written', async () => {
    const directory = temporaryDirectory();
    await withWriter({ directory }, async (writer) => {
      const large = () => writer.append([lineAt('x'.repeat(5_000_000))]);
      const results = await Promise.allSettled([large(), large(), large(), large()]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
      expect(results[3]).toMatchObject({ reason: expect.any(ResourceExhaustedError) as unknown });
      expect(await large()).toMatchObject({ lost: 0 });
    });
    expect(await nextLogSequence(directory)).toBe(BigInt((await readItems({ directory })).length + 1));
  });

  it('that is closed refuses, and one that cannot be opened names the directory', async () => {
    const directory = temporaryDirectory();
    const writer = await LogSegmentWriter.open({ directory });
    const last = writer.append([lineAt('a')]);
    await writer.close();
    await expect(last).resolves.toEqual({ firstSequence: 1, lost: 0 });
    await expect(writer.append([lineAt('b')])).rejects.toThrow(FailedPreconditionError);
    await expect(LogSegmentWriter.open({ directory: segmentPath(directory, 1) })).rejects.toThrow(
      segmentPath(directory, 1),
    );
    await expect(LogSegmentWriter.open({ directory, segmentBytes: 1 })).rejects.toThrow('segmentBytes must be');
    truncateSync(segmentPath(directory, 1), 5);
    mkdirSync(join(directory, 'unrelated'));
    await withWriter({ directory }, (each) => each.append([lineAt('c')]));
    expect(await linesOf({ directory })).toEqual(['c']);
  });
});

const mayMount = process.getuid?.() === 0;

describe.skipIf(!mayMount)('on a full disk (needs root)', () => {
  function smallDisk(): string {
    const directory = temporaryDirectory();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'aurae-test', directory]);
    onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
    return directory;
  }

  it('whole records stay, the others are told as missing, and it goes on when there is room', async () => {
    const disk = smallDisk();
    const directory = join(disk, 'log');
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(16_384));
    const lines = (count: number) => Array.from({ length: count }, () => lineAt('x'.repeat(500)));
    await withWriter({ directory, segmentBytes: 1_000_000 }, async (writer) => {
      const { lost } = await writer.append(lines(200));
      expect(lost).toBeGreaterThan(50);
      expect(writer.failure).toMatchObject({ code: 'ENOSPC' });
      expect(readFileSync(segmentPath(directory, 1)).at(-1)).toBe(10);
      expect(await writer.append(lines(10))).toEqual({ firstSequence: 201, lost: 10 });
      const kept = await readItems({ directory });
      expect(kept).toHaveLength(200 - lost);
      expect(kept.every(({ line }) => line.length === 500)).toBe(true);
      rmSync(filler);
      expect(await writer.append(lines(10))).toEqual({ firstSequence: 211, lost: 0 });
      const more = (await readItems({ directory })).slice(kept.length);
      expect(more[0]).toMatchObject({ sequence: 211n, dropped: BigInt(lost + 10) });
      expect(more).toHaveLength(10);
      expect(writer.lost).toBe(lost + 10);
    });
    expect(await nextLogSequence(directory)).toBe(221n);
  });
});
