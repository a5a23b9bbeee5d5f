import { getEventListeners } from 'node:events';
import { CancelledError } from '@aurae/proto';
import { LogRing, type LogRingOptions, type LogSubscribeOptions } from '@aurae/observe-logs';
import { describe, expect, it } from 'vitest';

const signal = new AbortController().signal;

function ringWith(lines: number, options?: LogRingOptions): LogRing {
  const ring = new LogRing(options);
  append(ring, lines);
  return ring;
}

function append(ring: LogRing, lines: number): void {
  for (let index = 0; index < lines; index++) {
    ring.append({ channel: 'test', line: `line ${ring.lastSequence + 1n}`, timestampMs: 1 });
  }
}

async function backlog(ring: LogRing, options: Partial<LogSubscribeOptions> = {}) {
  const items = [];
  for await (const item of ring.subscribe({ backlogOnly: true, signal, ...options })) items.push(item);
  return items;
}

const sequences = async (ring: LogRing, options: Partial<LogSubscribeOptions> = {}) =>
  (await backlog(ring, options)).map(({ sequence }) => Number(sequence));

describe('LogRing keeps', () => {
  it('what was appended, as wire items', async () => {
    const ring = new LogRing();
    const fields = { port: 1, size: 2n };
    expect(ring.append({ channel: 'api', line: 'hello', timestampMs: 1234.9, level: 'warn', fields })).toBe(1n);
    expect(ring.append({ channel: 'stdout', line: '', timestampMs: Number.NaN })).toBe(2n);
    const whole = { partial: false, lineBytes: Buffer.alloc(0) };
    expect(await backlog(ring)).toEqual([
      {
        ...whole,
        channel: 'api',
        line: 'hello',
        timestamp: 1234n,
        sequence: 1n,
        dropped: 0n,
        level: 'warn',
        fieldsJson: '{"port":1,"size":"2"}',
      },
      { ...whole, channel: 'stdout', line: '', timestamp: 0n, sequence: 2n, dropped: 0n, level: '', fieldsJson: '' },
    ]);
  });

  it('the newest lines within the number of items', async () => {
    const ring = ringWith(7, { maximumItems: 3 });
    expect(await sequences(ring)).toEqual([5, 6, 7]);
    expect(ring.keptItems).toBe(3);
  });

  it('the newest lines within the number of bytes, fields included', async () => {
    const ring = new LogRing({ maximumBytes: 1024 });
    for (let index = 0; index < 10; index++) {
      ring.append({ channel: '', line: 'x'.repeat(200), timestampMs: 0, fields: { text: 'y'.repeat(190) } });
    }
    expect(ring.keptItems).toBe(2);
    expect(ring.keptBytes).toBe(2 * 401);
  });

  it('as many bytes as it may', () => {
    const ring = new LogRing({ maximumBytes: 1024 });
    for (let index = 0; index < 5; index++) ring.append({ channel: '', line: 'x'.repeat(256), timestampMs: 0 });
    expect(ring.keptBytes).toBe(1024);
  });

  it('the newest line even when it alone is over the number of bytes', async () => {
    const ring = ringWith(3, { maximumBytes: 1024 });
    ring.append({ channel: '', line: 'x'.repeat(5000), timestampMs: 0 });
    expect(await sequences(ring)).toEqual([4]);
  });

  it.each([
    { maximumItems: 0 },
    { maximumItems: 1.5 },
    { maximumBytes: 1023 },
    { maximumLineBytes: 127 },
    { maximumLineBytes: Number.NaN },
  ])('to its options: %o is out of range', (options) => {
    expect(() => new LogRing(options)).toThrow(RangeError);
  });
});

describe('a long line', () => {
  it('is cut at a character boundary and says so', async () => {
    for (const filler of ['', 'a', 'ab', 'abc']) {
      const ring = new LogRing({ maximumLineBytes: 128 });
      ring.append({ channel: '', line: filler + '😀'.repeat(100), timestampMs: 0 });
      const [item] = await backlog(ring);
      expect(item?.line).toMatch(/^[abc]*(😀)+… \(cut: the line has 40\d bytes\)$/u);
      expect(Buffer.byteLength(item?.line ?? '')).toBeLessThanOrEqual(128);
      expect(Buffer.byteLength(item?.line ?? '')).toBeGreaterThan(124);
      expect(ring.keptBytes).toBe(Buffer.byteLength(item?.line ?? ''));
    }
  });

  it('of exactly the limit is kept whole', async () => {
    const ring = new LogRing({ maximumLineBytes: 128 });
    ring.append({ channel: '', line: 'é'.repeat(64), timestampMs: 0 });
    expect((await backlog(ring))[0]?.line).toBe('é'.repeat(64));
  });
});

describe('fields', () => {
  async function encoded(fields: Record<string, unknown>): Promise<unknown> {
    const ring = new LogRing({ maximumLineBytes: 2048 });
    ring.append({ channel: '', line: '', timestampMs: 0, fields });
    const json = (await backlog(ring))[0]?.fieldsJson ?? '';
    return json === '' ? '' : JSON.parse(json);
  }

  it('keep an error with its cause', async () => {
    const error = new TypeError('outer', { cause: new Error('inner') });
    expect(await encoded({ error })).toMatchObject({
      error: { name: 'TypeError', message: 'outer', stack: expect.any(String), cause: { message: 'inner' } },
    });
  });

  it('that JSON cannot hold do not keep the others out, and never throw', async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const broken = {
      toJSON() {
        throw new Error('no');
      },
      toString() {
        throw new Error('no');
      },
    };
    expect(await encoded({ cyclic, broken, good: 1 })).toEqual({
      cyclic: '[object Object]',
      broken: '(cannot be read)',
      good: 1,
    });
  });

  it('that are too many are left out, and the item says so', async () => {
    expect(await encoded({ text: 'x'.repeat(5000) })).toEqual({ omittedFieldsBytes: 5011 });
  });

  it('that are empty are no fields', async () => {
    expect(await encoded({ nothing: undefined })).toBe('');
  });
});

describe('a backlog', () => {
  it('has at most the tail', async () => {
    expect(await sequences(ringWith(9), { tail: 2 })).toEqual([8, 9]);
    expect(await sequences(ringWith(2), { tail: 5 })).toEqual([1, 2]);
    expect(await sequences(ringWith(2), { tail: 0 })).toEqual([1, 2]);
  });

  it('starts after a sequence number, and counts what the ring has let go since', async () => {
    const ring = ringWith(9, { maximumItems: 4 });
    expect(await sequences(ring, { afterSequence: 7n })).toEqual([8, 9]);
    expect(await sequences(ring, { afterSequence: 9n })).toEqual([]);
    expect((await backlog(ring, { afterSequence: 2n })).map(({ dropped }) => dropped)).toEqual([3n, 0n, 0n, 0n]);
    expect((await backlog(ring, { afterSequence: 0n }))[0]?.dropped).toBe(5n);
    expect((await backlog(ring))[0]?.dropped).toBe(0n);
    expect((await backlog(ring, { afterSequence: 2n, tail: 4 }))[0]?.dropped).toBe(0n);
  });

  it('starts over when the sequence number is from an earlier log', async () => {
    expect(await sequences(ringWith(3), { afterSequence: 500n })).toEqual([1, 2, 3]);
  });

  it('ends with the lines that were there, however fast others come', async () => {
    const ring = ringWith(3);
    const seen = [];
    for await (const { sequence } of ring.subscribe({ backlogOnly: true, signal })) {
      append(ring, 2);
      seen.push(sequence);
    }
    expect(seen).toEqual([1n, 2n, 3n]);
  });

  it('of an empty log is empty', async () => {
    expect(await backlog(new LogRing())).toEqual([]);
  });

  it.each([{ tail: -1 }, { tail: 0.5 }, { afterSequence: -1n }])('refuses %o', (options) => {
    expect(() => new LogRing().subscribe({ signal, ...options })).toThrow(RangeError);
  });
});

describe('followers', () => {
  it('get the backlog and then every live line, with neither gap nor double', async () => {
    const ring = ringWith(3);
    const collect = async () => {
      const seen = [];
      for await (const { sequence } of ring.subscribe({ signal })) seen.push(Number(sequence));
      return seen;
    };
    const both = [collect(), collect()];
    append(ring, 1);
    await Promise.resolve();
    append(ring, 2);
    ring.end();
    expect(await Promise.all(both)).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(ring.waitingReaders).toBe(0);
  });

  it('start where the log was when they subscribed, not when they first read', async () => {
    const ring = ringWith(1, { maximumItems: 4 });
    const subscription = ring.subscribe({ signal });
    append(ring, 6);
    expect((await subscription.next()).value).toMatchObject({ sequence: 4n, dropped: 3n });
  });

  it('that are slow lose the oldest of what they have not read, and are told how much', async () => {
    const ring = ringWith(2, { maximumItems: 4 });
    const slow = ring.subscribe({ signal });
    expect((await slow.next()).value).toMatchObject({ sequence: 1n, dropped: 0n });
    append(ring, 6);
    expect((await slow.next()).value).toMatchObject({ sequence: 5n, dropped: 3n });
    expect((await slow.next()).value).toMatchObject({ sequence: 6n, dropped: 0n });
    expect((await backlog(ring)).every(({ dropped }) => dropped === 0n)).toBe(true);
  });

  it('are woken once for a burst', async () => {
    const ring = new LogRing();
    const subscription = ring.subscribe({ signal });
    const first = subscription.next();
    expect(ring.waitingReaders).toBe(1);
    append(ring, 100);
    expect(ring.waitingReaders).toBe(1);
    expect((await first).value?.sequence).toBe(1n);
    expect(ring.waitingReaders).toBe(0);
  });

  it('end after the last line when the log ends, also those that come later', async () => {
    const ring = ringWith(1);
    const subscription = ring.subscribe({ signal });
    ring.end();
    append(ring, 1);
    expect((await subscription.next()).value?.sequence).toBe(1n);
    expect((await subscription.next()).value?.sequence).toBe(2n);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    expect(await ring.subscribe({ signal, afterSequence: 2n }).next()).toEqual({ done: true, value: undefined });
  });

  it('that are aborted throw the reason at once, and nothing of them is left', async () => {
    const ring = ringWith(1);
    const controller = new AbortController();
    const subscription = ring.subscribe({ signal: controller.signal });
    await subscription.next();
    const pending = subscription.next();
    expect(ring.waitingReaders).toBe(1);
    controller.abort();
    expect(ring.waitingReaders).toBe(0);
    await expect(pending).rejects.toThrow(CancelledError);
    append(ring, 1);
    await expect(subscription.next()).rejects.toThrow(CancelledError);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('that leave their loop leave nothing behind', async () => {
    const ring = new LogRing();
    const controller = new AbortController();
    const subscription = ring.subscribe({ signal: controller.signal });
    const firstTwo = (async () => {
      for await (const { sequence } of subscription) if (sequence === 2n) break;
    })();
    append(ring, 1);
    await Promise.resolve();
    append(ring, 1);
    await firstTwo;
    expect(ring.waitingReaders).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  it('that leave while they wait end at once', async () => {
    const ring = new LogRing();
    const subscription = ring.subscribe({ signal });
    const pending = subscription.next();
    await subscription.return?.();
    expect(ring.waitingReaders).toBe(0);
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});

describe('a cursor', () => {
  it('takes batches within items and bytes, at least one line', () => {
    const ring = new LogRing();
    for (let index = 0; index < 6; index++) ring.append({ channel: '', line: 'x'.repeat(100), timestampMs: 0 });
    const cursor = ring.cursor();
    expect(cursor.take(2, 1000).map(({ sequence }) => sequence)).toEqual([1n, 2n]);
    expect(cursor.take(10, 250).map(({ sequence }) => sequence)).toEqual([3n, 4n]);
    expect(cursor.take(10, 1).map(({ sequence }) => sequence)).toEqual([5n]);
    expect(cursor.unreadItems).toBe(1);
    expect(cursor.take(10, 1000)).toHaveLength(1);
    expect(cursor.take(10, 1000)).toEqual([]);
  });

  it('is woken at once when there is something to read already', async () => {
    const ring = ringWith(1);
    await new Promise<void>((resolve) => ring.cursor().park(resolve));
    expect(ring.waitingReaders).toBe(0);
  });
});
