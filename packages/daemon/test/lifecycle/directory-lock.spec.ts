import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryLock } from '../../src/lifecycle/directory-lock.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aurae-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

function acquire() {
  return DirectoryLock.acquire(path, 'the directory "x"');
}

describe('a directory lock', () => {
  it('is held by one at a time, and free again when disposed', async () => {
    const first = await acquire();
    expect(readFileSync(path, 'utf8')).toBe(`${process.pid}\n`);
    await expect(acquire()).rejects.toThrow('Another auraed already uses the directory "x"');
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    const second = await acquire();
    await second[Symbol.asyncDispose]();
  });

  it('goes to exactly one of many that want it at once', async () => {
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, acquire));
    const holders = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(holders).toHaveLength(1);
    await holders[0]?.[Symbol.asyncDispose]();
  });

  it('is free again when its holder was killed', async () => {
    const holder = spawn('flock', [path, 'sh', '-c', 'echo locked; exec sleep 1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await expect(acquire()).rejects.toThrow('Another auraed');
    // flock(1) forks: the lock lives as long as any process that has the file, so the child goes too.
    const child = Number(readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim());
    process.kill(child, 'SIGKILL');
    holder.kill('SIGKILL');
    await once(holder, 'close');
    const lock = await acquire();
    await lock[Symbol.asyncDispose]();
  });

  it('is not passed on to programs that the holder starts', async () => {
    const lock = await acquire();
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await lock[Symbol.asyncDispose]();
    const again = await acquire();
    await again[Symbol.asyncDispose]();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('does not follow a link that somebody laid in its way', async () => {
    symlinkSync(join(directory, 'elsewhere'), path);
    await expect(acquire()).rejects.toThrow(`Cannot open the lock file "${path}"`);
  });
});
