import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../temporary-directory.js';
import { readLog, readSegments, reassemble } from './log-records.js';
import { frameType } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';
import { startShim } from './shim-run.js';

interface Chunk {
  readonly channel: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

const chunk: fc.Arbitrary<Chunk> = fc.record({
  channel: fc.constantFrom('stdout', 'stderr'),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.constantFrom(10, 13, 0, 65, 255), { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
    fc.nat(40_000).map((length) => new Uint8Array(length).fill(66)),
  ),
});

/** A command that writes the chunks in their order. */
function writerOf(chunks: readonly Chunk[]): readonly string[] {
  const directory = temporaryDirectory();
  const lines = chunks.map(({ channel, bytes }, index) => {
    const file = join(directory, String(index));
    writeFileSync(file, bytes);
    return `cat ${file}${channel === 'stderr' ? ' >&2' : ''}`;
  });
  return ['sh', '-c', lines.join('\n') || 'true'];
}

function written(chunks: readonly Chunk[], channel: string): Buffer {
  return Buffer.concat(chunks.filter((each) => each.channel === channel).map((each) => each.bytes));
}

async function isReassembled(shim: ShimProgram, chunks: readonly Chunk[], segmentBytes: number): Promise<void> {
  const settings = { 'log-segment-bytes': segmentBytes, 'log-segments': 100_000 };
  const run = startShim(shim, writerOf(chunks), settings);
  const exit = await run.exit();
  const records = readLog(join(run.directory, 'log'));
  expect(exit).toMatchObject({ code: 0, logLost: 0, logNextSequence: records.length + 1 });
  for (const channel of ['stdout', 'stderr'] as const) {
    const bytes = reassemble(records, channel);
    expect(bytes.equals(written(chunks, channel)), `${channel} differs`).toBe(true);
  }
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

export function logScenarios(shim: () => ShimProgram, propertyRuns: number): void {
  test('any bytes on both channels come out of the log as they were', async () => {
    const cases = fc.tuple(fc.array(chunk, { maxLength: 8 }), fc.constantFrom(1, 100, 3000, 1 << 20));
    await fc.assert(
      fc.asyncProperty(cases, ([chunks, segmentBytes]) => isReassembled(shim(), chunks, segmentBytes)),
      { numRuns: propertyRuns },
    );
  });

  test('only the last segments are kept, without a gap between them', async () => {
    const settings = { 'log-segment-bytes': 1000, 'log-segments': 3 };
    const run = startShim(shim(), ['seq', '1', '2000'], settings);
    const exit = await run.exit();
    const records = readLog(join(run.directory, 'log'));
    expect(readdirSync(join(run.directory, 'log'))).toHaveLength(3);
    expect(exit).toMatchObject({ logFirstSequence: 1, logNextSequence: 2001, logLost: 0 });
    expect(records.at(-1)?.bytes.toString()).toBe('2000');
  });

  test('a client that asked for the state is told of each segment that is begun, and not of each line', async () => {
    const settings = { stdin: 'pipe', 'log-segment-bytes': 100 };
    const run = startShim(shim(), ['sh', '-c', 'while read line; do echo "$line"; done'], settings);
    const client = await run.client();
    await client.watch();
    const write = (line: string) => client.send(frameType.stdin, Buffer.from(`${line}\n`));
    const seen: string[] = [];
    // The first begins a segment, the second fits into it, the third does not; the state may come a little later.
    for (const line of ['one', 'two', 'three']) {
      write(line);
      const isTold = line !== 'two';
      for (let isWritten = false, isDone = false; !isWritten || !isDone; ) {
        const next = await client.next();
        if (next?.type === frameType.stdout) isWritten = true;
        if (next?.type === frameType.stateIs) seen.push(`${line}: ${JSON.parse(String(next.payload)).logNextSequence}`);
        isDone = !isTold || seen.some((each) => each.startsWith(line));
      }
    }
    expect(seen).toEqual(['one: 2', 'three: 4']);
    client.send(frameType.stdinEnd);
    await run.exit();
  });

  test('rotations at speed are told at most five times a second', async () => {
    const settings = { stdin: 'pipe', 'log-segment-bytes': 100 };
    // Each line in a write of its own, so that each is read by itself.
    const writer = 'read line; for i in $(seq 1 200); do /bin/echo $i; done';
    const run = startShim(shim(), ['sh', '-c', writer], settings);
    const client = await run.client();
    const begin = performance.now();
    client.send(frameType.state);
    client.send(frameType.stdinEnd);
    const states = (await client.rest()).filter((each) => each.type === frameType.stateIs);
    const exit = await run.exit();
    expect(exit.logNextSequence).toBe(201);
    expect(states.length).toBeLessThanOrEqual(3 + (performance.now() - begin) / 200);
  });

  test('a line that has not ended is written after a moment', async () => {
    const run = startShim(shim(), ['sh', '-c', 'printf begun; read line; echo " and ended"'], { stdin: 'pipe' });
    await run.started();
    await expect.poll(() => run.logged('stdout'), { timeout: 20_000 }).toBe('begun');
    (await run.connect()).send(frameType.stdinEnd);
    await run.exit();
    expect(readLog(join(run.directory, 'log')).map((record) => record.endsLine)).toEqual([false, true]);
    expect(run.logged('stdout')).toBe('begun and ended\n');
  });

  test('a disk that is full holds up nothing, and the loss is counted and to be seen', async ({ skip }) => {
    const disk = smallFileSystem(128 * 1024);
    if (disk === undefined) return skip('no file system can be mounted here');
    const run = startShim(shim(), ['sh', '-c', 'seq 1 20000; read line; echo after; exit 3'], {
      log: join(disk, 'log'),
      stdin: 'pipe',
    });
    await run.started();
    await expect
      .poll(() => run.state().logNextSequence > 20_000 && run.state().logLost > 0, { timeout: 20_000 })
      .toBe(true);
    // Room again, and the workload goes on.
    writeFileSync(join(disk, 'log', readdirSync(join(disk, 'log')).sort()[0] ?? ''), '', { flag: 'w' });
    (await run.connect()).send(frameType.stdinEnd);
    const exit = await run.exit();
    expect(exit).toMatchObject({ code: 3, logNextSequence: 20_002 });
    const last = readSegments(join(disk, 'log')).at(-1);
    expect(last).toMatchObject({ first: 20_001 });
    expect(last?.records.map((record) => record.bytes.toString())).toEqual(['after']);
  });

  test('every record is written, lost and counted, or in the log', async ({ skip }) => {
    const disk = smallFileSystem(64 * 1024);
    if (disk === undefined) return skip('no file system can be mounted here');
    const run = startShim(shim(), ['seq', '1', '20000'], { log: join(disk, 'log') });
    const exit = await run.exit();
    const kept = readSegments(join(disk, 'log')).flatMap((segment) => segment.records);
    expect(exit.logLost).toBeGreaterThan(0);
    expect(kept.length + exit.logLost).toBe(20_000);
    expect(exit.logNextSequence).toBe(20_001);
    expect(kept.every((record, index) => record.bytes.toString() === String(index + 1))).toBe(true);
  });

  test('a log directory that was removed is made again', async () => {
    const run = startShim(shim(), ['sh', '-c', 'echo one; read line; echo two'], { stdin: 'pipe' });
    const log = join(run.directory, 'log');
    await run.started();
    await expect.poll(() => existsSync(log) && run.logged('stdout'), { timeout: 20_000 }).toBe('one\n');
    rmSync(log, { recursive: true });
    (await run.connect()).send(frameType.stdinEnd);
    await run.exit();
    expect(readSegments(log).map((segment) => segment.first)).toEqual([2]);
    expect(run.logged('stdout')).toBe('two\n');
  });

  test('an end without output leaves the log as it was', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await startShim(shim(), ['echo', 'before'], {}, directory).exit();
    const file = join(directory, 'log', '00000000000000000001.log');
    const before = readFileSync(file);
    const exit = await startShim(shim(), ['true'], {}, directory).exit();
    expect(exit).toMatchObject({ logFirstSequence: 2, logNextSequence: 2 });
    expect(readdirSync(join(directory, 'log'))).toHaveLength(1);
    expect(readFileSync(file)).toEqual(before);
  });
}
