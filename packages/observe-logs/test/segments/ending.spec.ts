import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { observe } from '@aurae/proto';
import { CancelledError } from '@aurae/proto';
import { logItems, readLogSegments } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';
import { readItems } from './collect.js';
import { append, criRecord, logOf } from './log-files.js';
import { openResources } from './open-resources.js';

const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'x'.repeat(100)}`);

interface Reader {
  readonly items: AsyncIterableIterator<observe.LogItem>;
  readonly directory: string;
  readonly waiting: Promise<unknown>[];
}

/** Where a reader can be when it is left. Each brings a new one there. */
const states: Record<string, (reader: Reader) => Promise<void>> = {
  'before its first read': async () => undefined,
  'during its first read': async ({ items, waiting }) => void waiting.push(items.next()),
  'between two items': async ({ items }) => void (await items.next()),
  'while it reads on': async ({ items, waiting }) => {
    for (let index = 0; index < 4000; index++) await items.next();
    for (let index = 0; index < 900; index++) waiting.push(items.next());
  },
  'while it waits': async ({ items, directory, waiting }) => {
    for (let index = 0; index < lines.length; index++) await items.next();
    waiting.push(items.next());
    await expect.poll(() => openResources(directory)).toContain('watch');
  },
  'after it waited': async ({ items, directory }) => {
    for (let index = 0; index < lines.length; index++) await items.next();
    const next = items.next();
    await expect.poll(() => openResources(directory)).toContain('watch');
    await append(directory, 1, criRecord('more'));
    await next;
  },
};

describe.each(Object.entries(states))('a reader that is left %s', (_, reach) => {
  async function reader(signal?: AbortSignal): Promise<Reader> {
    const directory = await logOf(lines);
    const items = logItems(readLogSegments({ directory, follow: true, ...(signal && { signal }) }));
    const reached = { items, directory, waiting: [] };
    await reach(reached);
    return reached;
  }

  it('by the end of its loop closes everything', async () => {
    const { items, directory, waiting } = await reader();
    await items.return?.();
    expect(openResources(directory)).toEqual([]);
    await Promise.all(waiting);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(openResources(directory)).toEqual([]);
  });

  it('by an abort closes everything and throws the reason', async () => {
    const controller = new AbortController();
    const { items, directory, waiting } = await reader(controller.signal);
    controller.abort();
    await Promise.allSettled(waiting);
    await expect.poll(() => openResources(directory)).toEqual([]);
    const rest = async () => {
      while (!(await items.next()).done);
    };
    const failures = (await Promise.allSettled([...waiting, rest()])).flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(CancelledError);
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

it('a reader that came to the end has nothing open and does not listen to its signal', async () => {
  const { signal } = new AbortController();
  const directory = await logOf(lines);
  expect(await readItems({ directory, signal })).toHaveLength(lines.length);
  expect(openResources(directory)).toEqual([]);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('an error of the batches ends the items', async () => {
  const failing = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no more')) }),
  };
  const items = logItems(failing);
  await expect(items.next()).rejects.toThrow('no more');
  expect(await items.next()).toEqual({ done: true, value: undefined });
});

describe('without inotify', () => {
  const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

  it.each([
    ['max_inotify_watches', 'ENOSPC', 'fs.inotify.max_user_watches'],
    ['max_inotify_instances', 'EMFILE', 'fs.inotify.max_user_instances'],
  ])('a follower says which limit is reached (%s)', async (limit, code, key) => {
    const directory = await logOf(['a']);
    // The limit of a user namespace of its own: nobody else notices.
    const script = `echo 0 > /proc/sys/user/${limit} && exec "$@"`;
    const command = ['-Ur', 'sh', '-c', script, 'sh', process.execPath];
    const { stdout } = await promisify(execFile)('unshare', [
      ...command,
      path('../fixtures/run.js'),
      path('follow-child.ts'),
      directory,
    ]);
    expect(stdout).toContain(`a\nResourceExhaustedError: Cannot follow the log in "${directory}"`);
    expect(stdout).toContain(code);
    expect(stdout).toContain(key);
  });
});
