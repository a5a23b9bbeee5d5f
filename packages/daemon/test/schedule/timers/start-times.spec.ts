import { runtime } from '@aurae/proto';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type StartTimes, startTimes } from '../../../src/schedule/timers/index.js';

function cron(expression: string, timeZone: string): StartTimes {
  return startTimes(runtime.Timer.fromPartial({ when: { $case: 'cron', value: { expression, timeZone } } }), 0);
}

function interval(milliseconds: number, anchorMs: number): StartTimes {
  return startTimes(
    runtime.Timer.fromPartial({ when: { $case: 'intervalMs', value: BigInt(milliseconds) } }),
    anchorMs,
  );
}

/** The moments after `from`, in UTC without seconds. */
function moments(times: StartTimes, from: string, count: number): string[] {
  const shown: string[] = [];
  let atMs: number | undefined = Date.parse(from);
  while (shown.length < count) {
    atMs = times.next(atMs);
    if (atMs === undefined) break;
    shown.push(new Date(atMs).toISOString().replace(':00.000Z', ''));
  }
  return shown;
}

describe('in Berlin, where 2:00 to 3:00 is left out on 31 March 2024', () => {
  test('a start at 2:30 comes once, right after the gap', () => {
    expect(moments(cron('30 2 * * *', 'Europe/Berlin'), '2024-03-30T00:00Z', 3)).toEqual([
      '2024-03-30T01:30',
      '2024-03-31T01:00',
      '2024-04-01T00:30',
    ]);
  });

  test('several starts in the gap come as one', () => {
    expect(moments(cron('0,30 2 * * *', 'Europe/Berlin'), '2024-03-30T12:00Z', 2)).toEqual([
      '2024-03-31T01:00',
      '2024-04-01T00:00',
    ]);
  });

  test('a beat of a quarter of an hour goes on', () => {
    expect(moments(cron('*/15 * * * *', 'Europe/Berlin'), '2024-03-31T00:40Z', 4)).toEqual([
      '2024-03-31T00:45',
      '2024-03-31T01:00',
      '2024-03-31T01:15',
      '2024-03-31T01:30',
    ]);
  });
});

describe('in Berlin, where 2:00 to 3:00 comes twice on 27 October 2024', () => {
  test('a start at 2:30 comes once, at the first of both', () => {
    expect(moments(cron('30 2 * * *', 'Europe/Berlin'), '2024-10-26T12:00Z', 2)).toEqual([
      '2024-10-27T00:30',
      '2024-10-28T01:30',
    ]);
  });

  test('a list of times comes once each', () => {
    expect(moments(cron('0,30 2 * * *', 'Europe/Berlin'), '2024-10-26T12:00Z', 3)).toEqual([
      '2024-10-27T00:00',
      '2024-10-27T00:30',
      '2024-10-28T01:00',
    ]);
  });

  test('a beat of a quarter of an hour goes on through both hours', () => {
    expect(moments(cron('*/15 * * * *', 'Europe/Berlin'), '2024-10-26T23:50Z', 9)).toEqual([
      '2024-10-27T00:00',
      '2024-10-27T00:15',
      '2024-10-27T00:30',
      '2024-10-27T00:45',
      '2024-10-27T01:00',
      '2024-10-27T01:15',
      '2024-10-27T01:30',
      '2024-10-27T01:45',
      '2024-10-27T02:00',
    ]);
  });
});

describe('without a time zone', () => {
  const before = process.env['TZ'];
  afterEach(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });

  test.each([
    ['Asia/Kolkata', '2024-05-31T21:30'],
    ['America/New_York', '2024-06-01T07:00'],
  ])('that of the daemon counts: %s', (timeZone, expected) => {
    process.env['TZ'] = timeZone;
    expect(moments(cron('0 3 * * *', ''), '2024-05-31T12:00Z', 1)).toEqual([expected]);
  });
});

test('the next moment is strictly later, and none lies between', () => {
  const expressions = fc.constantFrom('30 2 * * *', '*/15 * * * *', '7,40 1-3 * * *', '*/20 * * * * *', '30 * * * *');
  const changes = ['2024-03-31T01:00Z', '2024-10-27T01:00Z'].map((text) => Date.parse(text));
  const around = fc.record({ change: fc.constantFrom(...changes), offset: fc.integer({ min: -7200, max: 7200 }) });
  fc.assert(
    fc.property(expressions, around, fc.double({ min: 0, max: 1, noNaN: true }), (expression, place, fraction) => {
      const times = cron(expression, 'Europe/Berlin');
      const afterMs = place.change + place.offset * 1000 + 137;
      const nextMs = times.next(afterMs) ?? Number.NaN;
      expect(nextMs).toBeGreaterThan(afterMs);
      expect(times.next(nextMs)).toBeGreaterThan(nextMs);
      const betweenMs = Math.floor(afterMs + (nextMs - 1 - afterMs) * fraction);
      expect(times.next(betweenMs)).toBe(nextMs);
    }),
  );
});

test('a moment that is due is not its own next one', () => {
  const noon = Date.parse('2024-05-05T12:00Z');
  const times = cron('0 12 * * *', 'UTC');
  expect(times.next(noon - 1)).toBe(noon);
  expect(times.next(noon)).toBe(noon + 86_400_000);
});

test('an interval keeps the beat of its anchor', () => {
  const times = interval(10_000, 1_000_003);
  expect(times.next(0)).toBe(1_010_003);
  expect(times.next(1_000_003)).toBe(1_010_003);
  expect(times.next(1_010_002)).toBe(1_010_003);
  expect(times.next(1_010_003)).toBe(1_020_003);
  expect(times.next(5_000_000)).toBe(5_000_003);
});
