import { observe } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asItComes } from '../src/following/as-it-comes.js';
import { inBatches } from '../src/following/in-batches.js';
import { UsageError } from '../src/failures.js';
import { textOf } from '../src/logs/entry-filter.js';
import { LastEntries } from '../src/logs/last-entries.js';
import { LineJoiner, longestHeldLine } from '../src/logs/line-joiner.js';
import { linePattern } from '../src/logs/line-pattern.js';
import type { LogChannel, LogEntry, LogLine } from '../src/logs/log-entry.js';
import { mergeByTime, type SourcedEntry } from '../src/logs/merge-by-time.js';
import { nameStyles } from '../src/output/name-styles.js';

const itemOf = (partial: object) => observe.LogItem.fromPartial({ channel: 'stdout', ...partial });
const lineOf = (partial: object, rest: Partial<LogLine> = {}): LogLine => {
  return { kind: 'line', items: [itemOf(partial)], begins: true, ends: true, ...rest };
};

describe('LineJoiner', () => {
  const piece = fc.record({
    channel: fc.constantFrom<LogChannel>('stdout', 'stderr'),
    line: fc.oneof(
      fc.string({ maxLength: 10 }),
      fc.nat(2 * longestHeldLine).map((length) => 'x'.repeat(length)),
    ),
    partial: fc.boolean(),
  });

  test('joins the pieces of each channel, loses none, and holds no more than a line', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const joiner = new LineJoiner();
        const entries = [...pieces.flatMap((partial) => joiner.add(itemOf(partial))), ...joiner.flush()];
        for (const channel of ['stdout', 'stderr'] as const) {
          const shown = entries.filter((entry): entry is LogLine => {
            return entry.kind === 'line' && entry.items[0]?.channel === channel;
          });
          const text = shown.map(({ items, ends }) => textOf(items) + (ends ? '\n' : '')).join('');
          const written = pieces.filter((one) => one.channel === channel);
          const whole = written.map(({ line, partial }) => line + (partial ? '' : '\n')).join('');
          // Where the end is missing, there is none to come.
          expect([whole, `${whole}\n`]).toContain(text);
          for (const { items } of shown) {
            const before = items.slice(0, -1).reduce((sum, { line }) => sum + line.length, 0);
            expect(before).toBeLessThan(longestHeldLine);
          }
        }
        expect(joiner.flush()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('tells a loss before the line, and the end of a log that has lost lines as nothing else', () => {
    const joiner = new LineJoiner();
    const lost = itemOf({ line: 'a', dropped: 3n });
    expect(joiner.add(lost)).toEqual([{ kind: 'loss', item: lost }, lineOf({ line: 'a' })]);
    const alone = itemOf({ line: '3 lines were lost', channel: '', dropped: 3n });
    expect(joiner.add(alone)).toEqual([{ kind: 'loss', item: alone }]);
  });
});

describe('LastEntries', () => {
  test('has the last lines, each with its parts, and what is lost between them', () => {
    const entry = fc.oneof(
      fc.boolean().map((begins): LogEntry => lineOf({ line: 'x' }, { begins })),
      fc.constant<LogEntry>({ kind: 'loss', item: itemOf({ dropped: 1n }) }),
    );
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 50 }), fc.integer({ min: 1, max: 10 }), (entries, most) => {
        const last = new LastEntries(most, Number.POSITIVE_INFINITY);
        for (const one of entries) last.add(one);
        const begins = entries.flatMap((one, index) => (one.kind === 'line' && one.begins ? [index] : []));
        const start = begins.length > most ? begins.at(-most) : 0;
        expect(last.count).toBe(Math.min(most, begins.length));
        expect(last.take()).toEqual(entries.slice(start));
        expect(last.take()).toEqual([]);
      }),
    );
  });

  test('holds no more than it may, and counts what that costs', () => {
    const last = new LastEntries(100, 1000);
    for (let index = 0; index < 50; index++) last.add(lineOf({ line: 'x'.repeat(100) }));
    expect(last.count).toBe(10);
    expect(last.tooLarge).toBe(40);
  });
});

async function* given<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

describe('mergeByTime', () => {
  test('loses nothing, keeps the order of each log, and is in order of time where each of them is', async () => {
    const times = fc.array(fc.nat(50), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 5 }), fc.integer({ min: 1, max: 4 }), async (logs, size) => {
        const sorted = logs.map((log) => [...log].sort((one, other) => one - other));
        const batches = sorted.map((log) => {
          const entries = log.map((timestamp, index) => lineOf({ timestamp: BigInt(timestamp), sequence: index + 1 }));
          return given(
            ...Array.from({ length: Math.ceil(log.length / size) }, (_, index) =>
              entries.slice(index * size, (index + 1) * size),
            ),
          );
        });
        const merged: SourcedEntry[] = [];
        for await (const chunk of mergeByTime(batches)) merged.push(...chunk);
        const timesOf = merged.map(({ entry }) => Number((entry as LogLine).items[0]?.timestamp));
        expect(timesOf).toEqual(sorted.flat().sort((one, other) => one - other));
        sorted.forEach((log, source) => {
          const own = merged.filter((one) => one.source === source);
          expect(own.map(({ entry }) => Number((entry as LogLine).items[0]?.sequence))).toEqual(
            log.map((_, index) => index + 1),
          );
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('asItComes', () => {
  const { signal } = new AbortController();

  async function* until(own: AbortSignal, ended: string[], name: string): AsyncGenerator<string> {
    try {
      yield name;
      await new Promise((resolve) => own.addEventListener('abort', resolve, { once: true }));
    } finally {
      ended.push(name);
    }
  }

  test('gives all of every stream', async () => {
    const items: number[] = [];
    for await (const item of asItComes([() => given(1, 2, 3), () => given<number>(), () => given(4)], signal)) {
      items.push(item);
    }
    expect(items.sort()).toEqual([1, 2, 3, 4]);
  });

  test('ends all streams with the loop, and with the first failure', async () => {
    const ended: string[] = [];
    const names = ['a', 'b'];
    const streams = names.map((name) => (own: AbortSignal) => until(own, ended, name));
    for await (const item of asItComes(streams, signal)) {
      expect(names).toContain(item);
      break;
    }
    await expect.poll(() => ended.length).toBe(2);
    const failing = async function* (): AsyncGenerator<string> {
      throw new Error('it fails');
    };
    const read = async () => {
      for await (const item of asItComes([...streams, failing], signal)) expect(names).toContain(item);
    };
    await expect(read()).rejects.toThrow('it fails');
    await expect.poll(() => ended.length).toBe(4);
  });
});

test('inBatches gives together what is there together, in its order, and all of it', async () => {
  const { signal } = new AbortController();
  const batches: number[][] = [];
  for await (const batch of inBatches(() => given(...Array.from({ length: 600 }, (_, index) => index)), signal)) {
    batches.push(batch);
  }
  expect(batches.flat()).toEqual(Array.from({ length: 600 }, (_, index) => index));
  expect(batches.length).toBeLessThan(10);
  expect(Math.max(...batches.map(({ length }) => length))).toBe(256);
});

describe('linePattern', () => {
  test.each([
    [{ grep: 'a.c' }, 'xabcx', true],
    [{ grep: 'a.c' }, 'xABCx', false],
    [{ grep: 'a.c', ignoreCase: true }, 'xABCx', true],
    [{ grep: 'a.c', invertMatch: true }, 'xabcx', false],
    // A whole character, and one that is only allowed where not everything is checked.
    [{ grep: '^.$' }, '😀', true],
    [{ grep: '^a\\-b$' }, 'a-b', true],
  ])('%j in %j is %s, however often one asks', (options, text, isFound) => {
    const pattern = linePattern(options);
    expect([1, 2, 3].map(() => pattern?.matches(text))).toEqual([isFound, isFound, isFound]);
  });

  test.each([
    ['status=5\\d\\d', false],
    ['a+ b\\*\\+[*+]', false],
    ['(a+)+$', true],
    ['.*a.*b', true],
    ['(a)\\1', true],
    ['x{2,}y{3}', true],
  ])('%j may take long: %s', (grep, mayTakeLong) => {
    expect(linePattern({ grep })?.mayTakeLong).toBe(mayTakeLong);
  });

  test('tells where it is found', () => {
    expect([...(linePattern({ grep: 'o+' })?.found('foo bo x') ?? [])]).toEqual([
      [1, 3],
      [5, 6],
    ]);
    expect([...(linePattern({ grep: 'x*' })?.found('aa') ?? [])]).toEqual([]);
    expect([...(linePattern({ grep: 'o', invertMatch: true })?.found('foo') ?? [])]).toEqual([]);
  });

  test.each(['(', '[', 'a**', '(?<n>a)\\k<m>', '\\'])('%j is refused, and why', (grep) => {
    expect(() => linePattern({ grep })).toThrow(UsageError);
    expect(() => linePattern({ grep })).toThrow(
      /^option '--grep <regexp>' argument '.*' is invalid: [A-Z\\\\].*\. Allowed are/s,
    );
  });
});

test('names have colours of their own as long as there are any, and alone always the same', () => {
  const name = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 10 }), (names) => {
      const styles = nameStyles(names);
      expect(new Set(styles).size).toBe(names.length);
      expect(styles[0]).toBe(nameStyles([names[0] as string])[0]);
    }),
  );
  expect(nameStyles(Array.from({ length: 25 }, (_, index) => String(index)))).toHaveLength(25);
});
