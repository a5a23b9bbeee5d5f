import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readItems } from './collect.js';
import { criRecord, logOf, temporaryDirectory, writeLogSegments } from './log-files.js';

async function itemsOf(...bytes: (Buffer | string)[]) {
  const directory = temporaryDirectory();
  await writeLogSegments(directory, [{ firstSequence: 7, bytes }]);
  return readItems({ directory });
}

const timestamp = async (time: string) => {
  const [item] = await itemsOf(criRecord('x', { time }));
  return item?.channel === 'stdout' ? Number(item.timestamp) : undefined;
};

describe('a record', () => {
  it('becomes a wire item', async () => {
    expect(await itemsOf(criRecord('hello world', { head: 'stderr P' }))).toEqual([
      {
        channel: 'stderr',
        line: 'hello world',
        timestamp: BigInt(Date.UTC(2024, 4, 6, 7, 8, 9, 123)),
        sequence: 7n,
        dropped: 0n,
        level: '',
        fieldsJson: '',
        partial: true,
        lineBytes: Buffer.alloc(0),
      },
    ]);
  });

  it('may have further tags, and none of the space after the tag when it is empty', async () => {
    const items = await itemsOf(
      criRecord('a b', { head: 'stdout P:x:y' }),
      criRecord('c', { head: 'stdout F:' }),
      '2024-05-06T07:08:09Z stdout F\n',
      '2024-05-06T07:08:09Z stderr P\n',
    );
    expect(items.map(({ channel, line, partial }) => [channel, line, partial])).toEqual([
      ['stdout', 'a b', true],
      ['stdout', 'c', false],
      ['stdout', '', false],
      ['stderr', '', true],
    ]);
  });

  it('keeps every byte of its text', async () => {
    const texts = ['', ' ', '\r', 'a\r', '\0', 'a\0b', 'ümlaut €', '🙂', '\u2028', '\x1b[31m', 'Ã¤'];
    const items = await itemsOf(...texts.map((text) => criRecord(text)));
    expect(items.map(({ line }) => line)).toEqual(texts);
    expect(items.every(({ lineBytes }) => lineBytes.length === 0)).toBe(true);
  });

  it('that is not UTF-8 has its exact bytes beside the text, and its neighbours have not', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0xfe, 0x62, 0xc3]);
    const items = await itemsOf(criRecord('vorher ä'), criRecord(bytes), criRecord('nachher'));
    expect(items.map(({ line }) => line)).toEqual(['vorher ä', 'a\ufffd\ufffdb\ufffd', 'nachher']);
    expect(items.map(({ lineBytes }) => lineBytes)).toEqual([Buffer.alloc(0), bytes, Buffer.alloc(0)]);
  });

  it('that is malformed is delivered as it is, with the time of the one before, whatever is asked for', async () => {
    const malformed = [
      '',
      'no record',
      '2024-05-06T07:08:09Z',
      '2024-05-06T07:08:09Z stdout',
      '2024-05-06T07:08:09Z stdin F x',
      '2024-05-06T07:08:09Z stdout X x',
      '2024-05-06T07:08:09Z stdout FP x',
      '2024-05-06T07:08:09Z  stdout F x',
      '\0\0\0\0',
    ];
    const directory = temporaryDirectory();
    const bytes = [criRecord('x'), ...malformed.map((line) => `${line}\n`)];
    await writeLogSegments(directory, [{ firstSequence: 1, bytes }]);
    const [first, ...items] = await readItems({ directory });
    expect(items.map(({ line }) => line)).toEqual(malformed);
    for (const item of items) expect(item).toMatchObject({ channel: '', timestamp: first?.timestamp, partial: false });
    const filtered = await readItems({ directory, channel: 'stderr', sinceMs: Date.UTC(2025) });
    expect(filtered.map(({ line }) => line)).toEqual(malformed);
  });

  it.each([100, 16 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024])('of %i bytes is one or a few items', async (size) => {
    for (const length of [size - 50, size - 1, size, size + 1]) {
      const items = await itemsOf(criRecord('before'), criRecord('x'.repeat(length)), criRecord('after'));
      const parts = items.slice(1, -1);
      expect(parts.map(({ line }) => line).join('')).toBe('x'.repeat(length));
      expect(parts.map(({ partial }) => partial)).toEqual([...parts.slice(1).map(() => true), false]);
      expect(items.at(-1)).toMatchObject({ line: 'after', sequence: 9n });
    }
  });

  it('that is huge comes in parts of at most 1 MiB, cut between characters, with one sequence number', async () => {
    const text = '🙂€ä'.repeat(500_000);
    const [before, ...items] = await itemsOf(
      criRecord('before'),
      criRecord(text, { head: 'stderr F' }),
      criRecord('after', { head: 'stderr P' }),
    );
    const parts = items.slice(0, -1);
    expect(before?.line).toBe('before');
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.map(({ line }) => line).join('') === text).toBe(true);
    for (const [index, part] of parts.entries()) {
      expect(Buffer.byteLength(part.line)).toBeLessThanOrEqual(1024 * 1024);
      expect(part.lineBytes).toHaveLength(0);
      expect(part).toMatchObject({ channel: 'stderr', sequence: 8n, partial: index < parts.length - 1 });
    }
    expect(items.at(-1)).toMatchObject({ line: 'after', sequence: 9n, partial: true });
  });

  it('that is huge and not wanted is passed over', async () => {
    const directory = temporaryDirectory();
    const huge = criRecord('x'.repeat(3_000_000), { head: 'stderr F' });
    await writeLogSegments(directory, [{ firstSequence: 1, bytes: [criRecord('a'), huge, criRecord('b')] }]);
    const found = async (options: object) =>
      (await readItems({ directory, ...options })).map(({ line }) => line.slice(0, 3));
    expect(await found({ channel: 'stdout' })).toEqual(['a', 'b']);
    expect(await found({ afterSequence: 2n })).toEqual(['b']);
    expect(await found({ tail: 1 })).toEqual(['b']);
    expect(await found({ tail: 2, channel: 'stdout' })).toEqual(['a', 'b']);
  });
});

describe('a timestamp', () => {
  it('has a fraction of any length', async () => {
    const second = Date.UTC(2024, 1, 29, 23, 59, 59);
    expect(await timestamp('2024-02-29T23:59:59Z')).toBe(second);
    for (const fraction of ['1', '12', '123', '1234', '12345', '123456', '1234567', '12345678', '123456789']) {
      expect(await timestamp(`2024-02-29T23:59:59.${fraction}Z`)).toBe(
        second + Number(fraction.padEnd(3, '0').slice(0, 3)),
      );
    }
    expect(await timestamp('2024-02-29T23:59:59.999999999Z')).toBe(second + 999);
  });

  it('may have an offset, a leap second, and any year', async () => {
    expect(await timestamp('2024-03-31T03:30:00.5+02:00')).toBe(Date.UTC(2024, 2, 31, 1, 30, 0, 500));
    expect(await timestamp('2024-01-01T00:00:00-11:30')).toBe(Date.UTC(2024, 0, 1, 11, 30));
    expect(await timestamp('2016-12-31T23:59:60Z')).toBe(Date.UTC(2017, 0, 1));
    expect(await timestamp('1969-12-31T23:59:59.999Z')).toBe(-1);
    expect(await timestamp('9999-12-31T23:59:59.999Z')).toBe(Date.UTC(9999, 11, 31, 23, 59, 59, 999));
    expect(await timestamp('0099-01-01T00:00:00Z')).toBe(Date.parse('0099-01-01T00:00:00Z'));
  });

  it.each([
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:61Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00+0200',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:0xZ',
    '20x4-01-01T00:00:00Z',
    '-024-01-01T00:00:00Z',
    '2024-01-01 00:00:00Z',
  ])('%s is none', async (time) => {
    expect(await timestamp(time)).toBeUndefined();
  });

  it('is read as Date reads it', async () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(date, { minLength: 1, maxLength: 50 }), async (dates) => {
        const directory = await logOf([]);
        const bytes = dates.map((each) => criRecord('x', { time: each.toISOString() }));
        await writeLogSegments(directory, [{ firstSequence: 1, bytes }]);
        expect((await readItems({ directory })).map((item) => Number(item.timestamp))).toEqual(dates.map(Number));
      }),
      { numRuns: 50 },
    );
  });
});
