import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { nativeBinding } from '../src/native-binding.js';
import { temporaryDirectory } from './temporary-directory.js';

function pipe(): readonly [number, number] {
  const ends = nativeBinding.createPipe();
  if (typeof ends === 'number') throw new Error(`no pipe: errno ${-ends}`);
  return ends;
}

/** `O_CLOEXEC` and so on, as fcntl(2) has them. */
function flagsOf(descriptor: number): number {
  const [, flags = ''] = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
  return Number.parseInt(flags, 8);
}

const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;

describe('createPipe', () => {
  test('has two blocking ends that no program inherits', () => {
    const [reader, writer] = pipe();
    writeSync(writer, 'x');
    const byte = Buffer.alloc(1);
    expect(readSync(reader, byte)).toBe(1);
    for (const end of [reader, writer]) {
      expect(flagsOf(end) & closeOnExec).toBe(closeOnExec);
      expect(flagsOf(end) & nonBlocking).toBe(0);
    }
    expect(nativeBinding.makeNonBlocking(reader)).toBe(0);
    expect(() => readSync(reader, byte)).toThrow('EAGAIN');
    expect(flagsOf(writer) & nonBlocking).toBe(0);
    closeSync(reader);
    closeSync(writer);
    expect(nativeBinding.makeNonBlocking(reader)).toBe(constants.errno.EBADF);
  });
});

describe('memoryFile', () => {
  test.each([0, 1, 100_000])('holds %i bytes, to be read from its start', (length) => {
    const bytes = Buffer.alloc(length, 'settings\0');
    const file = nativeBinding.memoryFile(bytes);
    expect(fstatSync(file).size).toBe(length);
    expect(flagsOf(file) & closeOnExec).toBe(closeOnExec);
    const read = Buffer.alloc(length + 1);
    expect(readSync(file, read)).toBe(length);
    expect(read.subarray(0, length)).toEqual(bytes);
    closeSync(file);
  });
});

describe('tryLock', () => {
  test('takes a lock that is free, and no other', () => {
    const path = join(temporaryDirectory(), 'lock');
    const first = openSync(path, 'w');
    const second = openSync(path, 'w');
    expect(nativeBinding.tryLock(first)).toBe(0);
    expect(nativeBinding.tryLock(second)).toBe(constants.errno.EWOULDBLOCK);
    closeSync(first);
    expect(nativeBinding.tryLock(second)).toBe(0);
    closeSync(second);
    expect(nativeBinding.tryLock(second)).toBe(constants.errno.EBADF);
  });
});

describe('whenReady', () => {
  test('calls back once for each wait, and not for one that is ignored', async () => {
    const [reader, writer] = pipe();
    let calls = 0;
    const ready = () =>
      new Promise<number>((resolve) => {
        nativeBinding.whenReady(reader, false, (events) => {
          calls++;
          resolve(events);
        });
      });
    const first = ready();
    expect(nativeBinding.whenReady(reader, false, () => undefined)).toBe(-constants.errno.EEXIST);
    writeSync(writer, 'x');
    expect(await first).toBe(1);
    expect(await ready()).toBe(1);
    const ignored = nativeBinding.whenReady(reader, false, () => calls++);
    nativeBinding.ignoreReady(ignored);
    nativeBinding.ignoreReady(ignored);
    closeSync(writer);
    expect((await ready()) & 0x10).toBe(0x10);
    expect(calls).toBe(3);
    closeSync(reader);
  });

  test('may be ignored by the callback of another that is ready at the same time', async () => {
    const pipes = [pipe(), pipe()];
    const waits: number[] = [];
    const called = await new Promise<number>((resolve) => {
      for (const [index, [reader, writer]] of pipes.entries()) {
        waits.push(
          nativeBinding.whenReady(reader, false, () => {
            nativeBinding.ignoreReady(waits[1 - index] ?? 0);
            setImmediate(resolve, index);
          }),
        );
        writeSync(writer, 'x');
      }
    });
    expect([0, 1]).toContain(called);
    pipes.flat().forEach((end) => closeSync(end));
  });

  test('is let go of when its worker ends', async () => {
    const addon = new URL('../build/Release/spawn.node', import.meta.url).pathname;
    const source = `
      const binding = require(${JSON.stringify(addon)});
      const [reader] = binding.createPipe();
      binding.whenReady(reader, false, () => {});
      require('node:worker_threads').parentPort.postMessage('waiting');`;
    const worker = new Worker(source, { eval: true });
    expect(await once(worker, 'message')).toEqual(['waiting']);
    expect(await worker.terminate()).toBe(1);
  });
});
