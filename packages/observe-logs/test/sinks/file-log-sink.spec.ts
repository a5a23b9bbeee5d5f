import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fileLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, meta, ResourceExhaustedError, UnavailableError } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MadeSinks, type MadeSink, optionFaults } from './fixtures/made-sinks.js';
import { numbered } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
const path = () => join(sinks.directory, 'logs', 'all.ndjson');
const fileSink = (options: Readonly<Record<string, unknown>> = {}) =>
  sinks.make(fileLogSinkRegistration, { path: path(), ...options });
const write = (sink: MadeSink, first: number, count: number, text = '') =>
  sink.write(callContext(), { records: numbered(first, count, text) });
const rotatedNames = () => readdirSync(dirname(path())).sort().slice(1);

/** The numbers in all files of the sink, from the oldest to the newest; throws for a torn line. */
function numbersOnDisk(): number[] {
  return [...rotatedNames(), 'all.ndjson'].flatMap((name) => numbersIn(join(dirname(path()), name)));
}

function numbersIn(file: string): number[] {
  const content = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(content) : content).toString();
  if (text !== '' && !text.endsWith('\n')) throw new Error(`"${file}" ends with a torn line`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('the file', () => {
  it('has one JSON object a line, and is nobody else’s', async () => {
    const sink = await fileSink();
    await write(sink, 1, 2);
    await write(sink, 3, 1);
    const lines = (await readFile(path(), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2023-11-14T22:13:20.001Z',
      message: '1',
      channel: 'stdout',
      sequence: 1,
      workload: { kind: 'executable', name: 'web' },
    });
    expect(numbersOnDisk()).toEqual([1, 2, 3]);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path())).mode & 0o777).toBe(0o700);
  });

  it('is appended to, also with sync = "batch"', async () => {
    await write(await fileSink(), 1, 2);
    await write(await fileSink({ sync: 'batch' }), 3, 2);
    expect(numbersOnDisk()).toEqual([1, 2, 3, 4]);
  });

  it.each([1, 9, 10, 60])('loses a last line that was torn after %i bytes', async (bytes) => {
    await write(await fileSink(), 1, 3);
    const whole = await readFile(path());
    await appendFile(path(), whole.subarray(0, bytes));
    await write(await fileSink(), 4, 1);
    expect(numbersOnDisk()).toEqual([1, 2, 3, 4]);
  });

  it('loses a torn line that is longer than what is read at once', async () => {
    await write(await fileSink(), 1, 2);
    await appendFile(path(), `{"time":"${'x'.repeat(200_000)}`);
    await write(await fileSink(), 3, 1);
    expect(numbersOnDisk()).toEqual([1, 2, 3]);
  });

  it('keeps an unfinished line that is not its own, and ends it', async () => {
    await mkdir(dirname(path()));
    await writeFile(path(), 'shopping list\nbread');
    await write(await fileSink(), 1, 1);
    expect(await readFile(path(), 'utf8')).toMatch(/^shopping list\nbread\n\{"time".*\}\n$/);
  });

  it('that was renamed or removed by somebody else is begun anew', async () => {
    const sink = await fileSink();
    await write(sink, 1, 2);
    await rename(path(), `${path()}-moved`);
    await write(sink, 3, 2);
    expect([numbersIn(`${path()}-moved`), numbersIn(path())]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    await rm(dirname(path()), { recursive: true });
    await write(sink, 5, 1);
    expect(numbersIn(path())).toEqual([5]);
    // As logrotate does with `create`.
    await rename(path(), `${path()}-moved`);
    await writeFile(path(), '');
    await write(sink, 6, 1);
    expect([numbersIn(`${path()}-moved`), numbersIn(path())]).toEqual([[5], [6]]);
  });

  it('that is a symbolic link, a directory or a device is left alone, until it is put right', async () => {
    const sink = await fileSink();
    await mkdir(dirname(path()));
    await symlink('/dev/null', path());
    await expect(write(sink, 1, 1)).rejects.toThrow(/symbolic link/);
    await rm(path());
    await mkdir(path());
    await expect(write(sink, 1, 1)).rejects.toThrow(UnavailableError);
    await rm(path(), { recursive: true });
    await expect(write(await fileSink({ path: '/dev/null' }), 1, 1)).rejects.toThrow('it is not a regular file');
    expect((await sink.describe(callContext(), {})).health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: expect.stringContaining('it is a directory: give the path of a file in it'),
    });
    await write(sink, 1, 1);
    expect(numbersOnDisk()).toEqual([1]);
    expect(await sink.describe(callContext(), {})).toMatchObject({
      name: 'file',
      health: { state: meta.HealthState.HEALTH_STATE_SERVING },
      details: { writtenRecords: '1', failedWrites: '2', path: path() },
    });
  });

  it('has its directories made, whatever is there of them', async () => {
    await mkdir(join(sinks.directory, 'real'));
    await symlink('real', join(sinks.directory, 'link'));
    const file = `${sinks.directory}/link/a/../b/c//all.ndjson`;
    await Promise.all([write(await fileSink({ path: file }), 1, 1), write(await fileSink({ path: `${file}2` }), 1, 1)]);
    expect(numbersIn(join(sinks.directory, 'real', 'b', 'c', 'all.ndjson'))).toEqual([1]);
    expect(statSync(join(sinks.directory, 'real', 'b')).mode & 0o777).toBe(0o700);
  });

  it('below something that is no directory fails and names it, until it is put right', async () => {
    const blocked = join(sinks.directory, 'logs');
    const sink = await fileSink({ path: join(blocked, 'deep', 'er', 'all.ndjson') });
    for (const put of [() => writeFile(blocked, ''), () => symlink('nowhere', blocked)]) {
      await put();
      const failed = expect(write(sink, 1, 1)).rejects;
      await failed.toThrow(`: "${blocked}" is not a directory; move it away, or choose another path`);
      await rm(blocked);
    }
    await write(sink, 1, 1);
  });

  it('where none can be made fails at once, and health tells why', async () => {
    const sink = await fileSink({ path: '/proc/nope/deep/all.ndjson' });
    await expect(write(sink, 1, 1)).rejects.toThrow(UnavailableError);
    expect((await sink.describe(callContext(), {})).health).toMatchObject({
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: expect.stringMatching(
        /^Cannot write the log file "\/proc\/nope\/deep\/all.ndjson": E.*, mkdir '\/proc\/nope'; /,
      ),
    });
    await sink.flush(callContext(), {});
  });

  it('is closed with the sink, which then takes nothing', async () => {
    const sink = await fileSink();
    await write(sink, 1, 1);
    await sink.flush(callContext(), {});
    await sink[Symbol.asyncDispose]?.();
    await expect(write(sink, 2, 1)).rejects.toThrow('it is closed');
    expect(numbersOnDisk()).toEqual([1]);
  });
});

describe('rotation', () => {
  const small = 64 * 1024;

  it('keeps the order, compresses, and removes the oldest', async () => {
    const sink = await fileSink({ rotate_bytes: small, keep_files: 3 });
    for (let batch = 0; batch < 50; batch++) await write(sink, batch * 100 + 1, 100);
    await expect.poll(rotatedNames).toSatisfy((names: string[]) => names.every((name) => name.endsWith('.gz')));
    await expect.poll(() => rotatedNames().length).toBe(3);
    const numbers = numbersOnDisk();
    expect(numbers.at(-1)).toBe(5000);
    expect(numbers).toEqual(upTo(5000).slice(-numbers.length));
    const sizes = rotatedNames().map((name) => gunzipSync(readFileSync(join(dirname(path()), name))).length);
    for (const size of sizes) expect(size).toSatisfy((bytes: number) => bytes > small / 2 && bytes <= small);
  });

  it('goes on with the numbers and the unfinished work of the sink before', async () => {
    await mkdir(dirname(path()));
    const content = `${JSON.stringify({ time: '', sequence: 1 })}\n`;
    await writeFile(`${path()}.00000041`, content);
    await writeFile(`${path()}.00000041.gz`, gzipSync(content));
    await writeFile(`${path()}.00000042`, content.replace('1', '2'));
    await writeFile(`${path()}.00000042.gz.partial`, 'half');
    await writeFile(`${path()}.notes`, 'mine');
    const sink = await fileSink({ rotate_bytes: small });
    for (let batch = 0; batch < 5; batch++) await write(sink, batch * 200 + 3, 200);
    const names = ['00000041.gz', '00000042.gz', '00000043.gz', 'notes'];
    await expect.poll(rotatedNames).toEqual(expect.arrayContaining(names.map((name) => `all.ndjson.${name}`)));
    await expect.poll(() => rotatedNames().filter((name) => /\d$|partial$/.test(name))).toEqual([]);
    expect((await sink.describe(callContext(), {})).details).toMatchObject({ failedCompressions: '0' });
    await rm(`${path()}.notes`);
    expect(numbersOnDisk()).toEqual(upTo(1002));
  });

  it('removes a file of which a compressed one is there too', async () => {
    await mkdir(dirname(path()));
    await writeFile(`${path()}.00000001`, '');
    await writeFile(`${path()}.00000001.gz`, gzipSync(''));
    await write(await fileSink({ compress: false }), 1, 1);
    await expect.poll(rotatedNames).toEqual(['all.ndjson.00000001.gz']);
  });

  it('keeps plain files with compress = false, and none with keep_files = 0', async () => {
    const plain = await fileSink({ rotate_bytes: small, compress: false });
    for (let batch = 0; batch < 4; batch++) await write(plain, batch * 400 + 1, 400);
    expect(rotatedNames()).toEqual(['all.ndjson.00000001', 'all.ndjson.00000002', 'all.ndjson.00000003']);
    expect(numbersOnDisk()).toEqual(upTo(1600));
    const none = await fileSink({ rotate_bytes: small, keep_files: 0 });
    await write(none, 1601, 400);
    await expect.poll(rotatedNames).toEqual([]);
  });

  it('loses and doubles nothing, whatever the sizes of batches and files', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: small, max: 4 * small }),
        async (batches, rotateBytes) => {
          await rm(dirname(path()), { recursive: true, force: true });
          let next = 1;
          for (const [index, size] of batches.entries()) {
            // A new sink now and then, as after a restart.
            const sink = await fileSink({ rotate_bytes: rotateBytes, compress: false, keep_files: 100 });
            await write(sink, next, size, 'x'.repeat(index * 20));
            next += size;
            await sink[Symbol.asyncDispose]?.();
          }
          expect(numbersOnDisk()).toEqual(upTo(next - 1));
        },
      ),
      { numRuns: 15 },
    );
  });
});

it('a process that is killed while it writes leaves no torn line, and no number is missing', async () => {
  const run = fileURLToPath(new URL('../fixtures/run.js', import.meta.url));
  const module = fileURLToPath(new URL('fixtures/file-sink-child.ts', import.meta.url));
  let accepted = 0;
  for (let kill = 0; kill < 3; kill++) {
    const child = fork(run, [module]);
    await once(child, 'message');
    child.on('message', (last: number) => {
      accepted = last;
      // In the middle of the next batch, or of a rotation: there is one every 9 batches.
      if (last >= (kill + 1) * 8_000) child.kill('SIGKILL');
    });
    child.send({ path: path(), from: accepted + 1 });
    await once(child, 'exit');
  }
  await write(await fileSink({ rotate_bytes: 2 ** 20, keep_files: 1000 }), accepted + 1, 500);
  await expect.poll(() => rotatedNames().every((name) => name.endsWith('.gz'))).toBe(true);
  const numbers = numbersOnDisk();
  // What was written and not yet acknowledged comes again; nothing else does, and nothing is missing.
  const steps = numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
  expect(steps.filter((step) => step > 1)).toEqual([]);
  expect(steps.filter((step) => step < 1).length).toBeLessThanOrEqual(3);
  expect([...new Set(numbers)]).toEqual(upTo(accepted + 500));
});

describe.skipIf(process.getuid?.() !== 0)('a disk that is full', () => {
  it('takes nothing of a batch, and all of it once there is room', async () => {
    const disk = join(sinks.directory, 'disk');
    await mkdir(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]).status).toBe(0);
    try {
      await writeFile(join(disk, 'ballast'), Buffer.alloc(256 * 1024));
      const file = join(disk, 'all.ndjson');
      const sink = await fileSink({ path: file });
      await write(sink, 1, 500);
      const records = numbered(501, 5000);
      for (let attempt = 0; attempt < 3; attempt++) {
        await expect(sink.write(callContext(), { records: records.slice(0, 2000) })).rejects.toThrow(
          ResourceExhaustedError,
        );
        expect(numbersIn(file)).toEqual(upTo(500));
      }
      expect((await sink.describe(callContext(), {})).health).toMatchObject({
        state: meta.HealthState.HEALTH_STATE_DEGRADED,
        reason: expect.stringContaining('free space on its disk'),
      });
      await rm(join(disk, 'ballast'));
      await sink.write(callContext(), { records: records.slice(0, 2000) });
      expect(numbersIn(file)).toEqual(upTo(2500));
      await sink[Symbol.asyncDispose]?.();
    } finally {
      // Also when a failed test has left a file open.
      spawnSync('umount', ['--lazy', disk]);
    }
  });
});

it('wrong options are refused by name', async () => {
  expect(await optionFaults(fileLogSinkRegistration, {})).toEqual([expect.stringMatching(/^path: /)]);
  expect(await optionFaults(fileLogSinkRegistration, { path: '~/log' })).toEqual(['path: an absolute path']);
  expect(await optionFaults(fileLogSinkRegistration, { path: '/x', rotate_bytes: 5 })).toHaveLength(1);
  expect(await optionFaults(fileLogSinkRegistration, { path: '/x', rotation: 5 })).toEqual([
    expect.stringContaining('rotation'),
  ]);
});
