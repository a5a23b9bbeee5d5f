import { runtime } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueStarts, type StartTimes, startTimes } from '../../../src/schedule/timers/index.js';

const skip = runtime.MissedRuns.MISSED_RUNS_SKIP;
const runOnce = runtime.MissedRuns.MISSED_RUNS_RUN_ONCE;
const hourMs = 3_600_000;
const noon = Date.parse('2024-05-05T12:00Z');

const hourly = startTimes(
  runtime.Timer.fromPartial({ when: { $case: 'cron', value: { expression: '0 * * * *', timeZone: 'UTC' } } }),
  0,
);

test('nothing is due before the first moment', () => {
  expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs: noon + hourMs - 1, missed: runOnce })).toEqual({
    start: false,
    missedCount: 0,
    lastDueMs: noon,
    nextMs: noon + hourMs,
  });
});

describe.each([skip, runOnce])('whatever becomes of missed runs (%d)', (missed) => {
  test.each([0, 1, 60_000])('a start that is %d ms late is made', (lateMs) => {
    const nowMs = noon + hourMs + lateMs;
    expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs, missed })).toEqual({
      start: true,
      missedCount: 0,
      lastDueMs: noon + hourMs,
      nextMs: noon + 2 * hourMs,
    });
  });

  test('of several that came due one is made, and the others are missed', () => {
    expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs: noon + 5 * hourMs, missed })).toMatchObject({
      start: true,
      missedCount: 4,
      lastDueMs: noon + 5 * hourMs,
    });
  });
});

test('starts that are later than a minute are left out', () => {
  expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs: noon + 3 * hourMs + 60_001, missed: skip })).toEqual({
    start: false,
    missedCount: 3,
    lastDueMs: noon + 3 * hourMs,
    nextMs: noon + 4 * hourMs,
  });
});

test('or made up for by one', () => {
  expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs: noon + 3 * hourMs + 60_001, missed: runOnce })).toEqual({
    start: true,
    missedCount: 3,
    lastDueMs: noon + 3 * hourMs,
    nextMs: noon + 4 * hourMs,
  });
});

test('years of missed starts are not counted one by one', () => {
  let questions = 0;
  const times: StartTimes = {
    next(afterMs) {
      questions += 1;
      return Math.floor(afterMs / 1000) * 1000 + 1000;
    },
  };
  const nowMs = noon + 10 * 366 * 24 * hourMs;
  expect(dueStarts({ times, lastDueMs: noon, nowMs, missed: skip })).toMatchObject({
    start: true,
    missedCount: 100,
    lastDueMs: nowMs,
  });
  expect(questions).toBeLessThan(200);
});

test('a clock that goes back by less than three hours repeats no start', () => {
  const nowMs = noon - 3 * hourMs + 1;
  expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs, missed: runOnce })).toEqual({
    start: false,
    missedCount: 0,
    lastDueMs: noon,
    nextMs: noon + hourMs,
  });
});

test('a clock that goes back by three hours or more was wrong before', () => {
  const nowMs = noon - 3 * hourMs;
  expect(dueStarts({ times: hourly, lastDueMs: noon, nowMs, missed: runOnce })).toEqual({
    start: false,
    missedCount: 0,
    lastDueMs: nowMs,
    nextMs: nowMs + hourMs,
  });
});

test('agrees with a search through all moments', () => {
  const sortedMoments = fc.uniqueArray(fc.integer({ min: 1, max: 500_000 }), { maxLength: 60 });
  const time = fc.integer({ min: 0, max: 500_000 });
  fc.assert(
    fc.property(sortedMoments, time, time, fc.constantFrom(skip, runOnce), (given, lastDueMs, nowMs, missed) => {
      const all = given.toSorted((one, other) => one - other);
      const times: StartTimes = { next: (afterMs) => all.find((moment) => moment > afterMs) };
      const due = all.filter((moment) => moment > lastDueMs && moment <= nowMs);
      const latest = due.at(-1);
      const inTime = latest !== undefined && nowMs - latest <= 60_000;
      expect(dueStarts({ times, lastDueMs, nowMs, missed })).toEqual({
        start: inTime || (due.length > 0 && missed === runOnce),
        missedCount: due.length - (inTime ? 1 : 0),
        lastDueMs: latest ?? lastDueMs,
        nextMs: all.find((moment) => moment > (latest ?? lastDueMs)),
      });
    }),
  );
});
