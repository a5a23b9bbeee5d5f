import { type LogLevel, logLevels, LogRing } from '@aurae/observe-logs';
import { CancelledError, InvalidSpecError, observe } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daemonLogStream, type WallClock } from '../../src/logging/daemon-log-stream.js';

type Request = Partial<observe.GetAuraeDaemonLogStreamRequest>;

const forever = new AbortController().signal;

function requestOf(given: Request): observe.GetAuraeDaemonLogStreamRequest {
  return observe.GetAuraeDaemonLogStreamRequest.fromPartial(given);
}

async function read(ring: LogRing, given: Request, signal = forever, clock?: WallClock): Promise<observe.LogItem[]> {
  const items: observe.LogItem[] = [];
  for await (const item of daemonLogStream(ring, requestOf(given), signal, clock)) items.push(item);
  return items;
}

async function lines(...given: Parameters<typeof read>): Promise<string[]> {
  return (await read(...given)).map(({ line }) => line);
}

function append(ring: LogRing, line: string, more: { at?: number; level?: LogLevel; of?: string } = {}): void {
  ring.append({ channel: more.of ?? 'daemon', line, level: more.level ?? 'info', timestampMs: more.at ?? 1000 });
}

/** A clock that is set by hand. */
class HandClock implements WallClock {
  private readonly timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  constructor(private ms: number) {}

  now = () => this.ms;

  get waiting(): number {
    return this.timers.size;
  }

  after = (delayMs: number, callback: () => void) => {
    const timer = {};
    this.timers.set(timer, { at: this.ms + delayMs, callback });
    return () => void this.timers.delete(timer);
  };

  /** Time passes. */
  pass(ms: number): void {
    this.ms += ms;
    this.fire(this.ms);
  }

  /** Time passes, and somebody sets the clock to another one meanwhile. */
  passAndSet(ms: number, to: number): void {
    const at = this.ms + ms;
    this.ms = to;
    this.fire(at);
  }

  private fire(until: number): void {
    for (const [timer, { at, callback }] of [...this.timers]) {
      if (at > until) continue;
      this.timers.delete(timer);
      callback();
    }
  }
}

describe('the backlog', () => {
  it('is selected by time, component and level, all at once', async () => {
    const ring = new LogRing();
    append(ring, 'too early', { at: 999, level: 'error', of: 'server' });
    append(ring, 'first', { at: 1000, level: 'warn', of: 'server' });
    append(ring, 'too little', { at: 1500, level: 'info', of: 'server' });
    append(ring, 'of another', { at: 1500, level: 'error', of: 'schedule' });
    append(ring, 'last', { at: 2000, level: 'fatal', of: 'server' });
    append(ring, 'too late', { at: 2001, level: 'fatal', of: 'server' });
    const request = { sinceMs: 1000n, untilMs: 2000n, component: 'server', minimumLevel: 'warn', backlogOnly: true };
    expect(await lines(ring, request)).toEqual(['first', 'last']);
    expect(await lines(ring, { ...request, backlogOnly: false })).toEqual(['first', 'last']);
  });

  it('has as its tail the last of what is selected', async () => {
    const ring = new LogRing();
    for (let number = 0; number < 100; number++) append(ring, `${number}`, { of: number % 10 === 0 ? 'a' : 'b' });
    expect(await lines(ring, { component: 'a', tail: 3, backlogOnly: true })).toEqual(['70', '80', '90']);
    expect(await lines(ring, { component: 'a', tail: 99, backlogOnly: true })).toHaveLength(10);
    expect(await lines(ring, { component: 'c', tail: 3, backlogOnly: true })).toEqual([]);
    expect(await lines(ring, { tail: 2, backlogOnly: true })).toEqual(['98', '99']);
  });

  it('is selected as one would by hand, whatever is asked for', async () => {
    const line = fc.record({
      at: fc.integer({ min: 1, max: 20 }),
      level: fc.constantFrom(...logLevels),
      of: fc.constantFrom('a', 'b'),
    });
    const request = fc.record({
      tail: fc.integer({ min: 0, max: 8 }),
      sinceMs: fc.bigInt({ min: 0n, max: 20n }),
      untilMs: fc.bigInt({ min: 0n, max: 20n }),
      component: fc.constantFrom('', 'a', 'b'),
      minimumLevel: fc.constantFrom('', ...logLevels),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), request, async (given, asked) => {
        const ring = new LogRing();
        for (const [number, { at, level, of }] of given.entries()) append(ring, `${number}`, { at, level, of });
        const expected = given.flatMap(({ at, level, of }, number) =>
          (asked.sinceMs === 0n || at >= Number(asked.sinceMs)) &&
          (asked.untilMs === 0n || at <= Number(asked.untilMs)) &&
          (asked.component === '' || asked.component === of) &&
          (asked.minimumLevel === '' || logLevels.indexOf(level) >= logLevels.indexOf(asked.minimumLevel as LogLevel))
            ? [`${number}`]
            : [],
        );
        expect(await lines(ring, { ...asked, backlogOnly: true })).toEqual(
          asked.tail === 0 ? expected : expected.slice(-asked.tail),
        );
      }),
    );
  });

  it('of a long log lets others have their turn', async () => {
    const ring = new LogRing({ maximumItems: 50_000 });
    for (let number = 0; number < 50_000; number++) append(ring, 'x');
    let turns = 0;
    const count = setInterval(() => turns++);
    await lines(ring, { component: 'none', backlogOnly: true });
    clearInterval(count);
    expect(turns).toBeGreaterThan(1);
  });

  it('is none for a level that there is not', () => {
    const ask = () => daemonLogStream(new LogRing(), requestOf({ minimumLevel: 'loud' }), forever);
    expect(ask).toThrow(InvalidSpecError);
    expect(ask).toThrow('there is no level "loud"; use "trace"');
  });
});

describe('a follower', () => {
  it('gets what is selected of what comes, after the tail, without a gap or a double', async () => {
    const ring = new LogRing();
    for (const line of ['1', '2', '3']) append(ring, line, { of: 'a' });
    const over = new AbortController();
    const request = requestOf({ component: 'a', tail: 2 });
    const stream = daemonLogStream(ring, request, over.signal)[Symbol.asyncIterator]();
    expect((await stream.next()).value).toMatchObject({ line: '2' });
    append(ring, 'other', { of: 'b' });
    append(ring, '4', { of: 'a' });
    expect((await stream.next()).value).toMatchObject({ line: '3' });
    expect((await stream.next()).value).toMatchObject({ line: '4', sequence: 5n, dropped: 0n });
    const next = stream.next();
    append(ring, '5', { of: 'a' });
    expect((await next).value).toMatchObject({ line: '5' });
    const last = stream.next();
    over.abort();
    await expect(last).rejects.toThrow(CancelledError);
    expect(ring.waitingReaders).toBe(0);
  });

  it('is told of all that it has lost by the next line that is selected', async () => {
    const ring = new LogRing({ maximumItems: 10 });
    append(ring, 'first', { of: 'a' });
    const stream = daemonLogStream(ring, requestOf({ component: 'a' }), forever)[Symbol.asyncIterator]();
    expect((await stream.next()).value).toMatchObject({ line: 'first', dropped: 0n });
    // Twenty, of which the last ten are kept: the first of them tells of ten lost ones, and is not selected itself.
    for (let number = 0; number < 19; number++) append(ring, 'other', { of: 'b' });
    append(ring, 'next', { of: 'a' });
    expect((await stream.next()).value).toMatchObject({ line: 'next', sequence: 21n, dropped: 10n });
    append(ring, 'after', { of: 'a' });
    expect((await stream.next()).value).toMatchObject({ line: 'after', dropped: 0n });
    await stream.return?.();
  });

  it('ends when the clock has passed what it asked for, with all that came before', async () => {
    const ring = new LogRing();
    const clock = new HandClock(1000);
    const followed = lines(ring, { untilMs: 2000n }, forever, clock);
    append(ring, 'in time', { at: 1500 });
    clock.pass(1000);
    append(ring, 'just in time', { at: 2000 });
    clock.pass(1);
    append(ring, 'too late', { at: 2001 });
    expect(await followed).toEqual(['in time', 'just in time']);
    expect(clock.waiting).toBe(0);
    expect(ring.waitingReaders).toBe(0);
  });

  it('waits on while the clock, set back, has not passed it', async () => {
    const ring = new LogRing();
    const clock = new HandClock(1000);
    const followed = lines(ring, { untilMs: 2000n }, forever, clock);
    await new Promise((resolve) => setImmediate(resolve));
    clock.passAndSet(1001, 500);
    append(ring, 'still in time', { at: 600 });
    clock.passAndSet(1501, 2000);
    await new Promise((resolve) => setImmediate(resolve));
    append(ring, 'just in time', { at: 2000 });
    clock.pass(1);
    expect(await followed).toEqual(['still in time', 'just in time']);
  });

  it('leaves no timer and no reader behind when it is cancelled', async () => {
    const ring = new LogRing();
    const clock = new HandClock(1000);
    const over = new AbortController();
    const followed = lines(ring, { untilMs: 2000n }, over.signal, clock);
    await new Promise((resolve) => setImmediate(resolve));
    expect([clock.waiting, ring.waitingReaders]).toEqual([1, 1]);
    over.abort();
    await expect(followed).rejects.toThrow(CancelledError);
    expect([clock.waiting, ring.waitingReaders]).toEqual([0, 0]);
  });

  it('ends with the log', async () => {
    const ring = new LogRing();
    append(ring, 'last words', { level: 'error' });
    ring.end();
    expect(await lines(ring, { minimumLevel: 'error' })).toEqual(['last words']);
  });
});
