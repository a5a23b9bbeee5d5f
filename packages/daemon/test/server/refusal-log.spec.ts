import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Logger } from '../../src/logging/logger.js';
import { RefusalLog } from '../../src/server/refusal-log.js';

let lines: string[];
let refusals: RefusalLog;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const log = Logger.create('info', ({ line, fields }) =>
    lines.push(`${line} ${fields['reason']} ${fields['count'] ?? 1}`),
  );
  refusals = new RefusalLog(log);
});
afterEach(() => vi.useRealTimers());

it('the first refusal of a reason is told at once, those that follow as a number', () => {
  for (let i = 0; i < 1000; i++) refusals.refused('expired', 'unix');
  refusals.refused('no certificate', 'unix');
  expect(lines).toEqual(['Connection refused expired 1', 'Connection refused no certificate 1']);
  vi.advanceTimersByTime(10_000);
  expect(lines.slice(2)).toEqual(['More connections refused expired 999']);
  refusals.refused('expired', 'unix');
  expect(lines.at(-1)).toBe('Connection refused expired 1');
});

it('an attacker who invents reasons fills neither log nor memory', () => {
  for (let i = 0; i < 1000; i++) refusals.refused(`reason ${i}`, 'unix');
  expect(lines).toHaveLength(64);
  refusals.close();
  expect(lines.at(-1)).toBe('More connections refused reason 0 936');
});
