import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactDuration, formatDuration, parseDurationMs } from '../../src/values/duration.js';

test.each([
  ['500ms', 500],
  ['5s', 5000],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['7', 7000],
  ['0', 0],
])('%s is %i ms', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each(['', 's', '-1s', '1 s', '1w', '1e3', '0x1', '1s2m', '.5s', 'Infinity'])('"%s" is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test('every whole number of a unit is read exactly', () => {
  const unit = fc.constantFrom(
    ['ms', 1] as const,
    ['s', 1000] as const,
    ['m', 60_000] as const,
    ['h', 3_600_000] as const,
  );
  fc.assert(
    fc.property(fc.nat(), unit, (amount, [name, ms]) => {
      expect(parseDurationMs(`${amount}${name}`)).toBe(amount * ms);
    }),
  );
});

test.each([
  [0, '0s'],
  [1500, '1500ms'],
  [90_000, '90s'],
  [3_600_000, '1h'],
  [172_800_000, '2d'],
])('%i ms are written exactly as %s', (ms, text) => {
  expect(exactDuration(ms)).toBe(text);
});

test('what is written exactly is read back', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      expect(parseDurationMs(exactDuration(ms))).toBe(ms);
    }),
  );
});

test.each([
  [0, '0s'],
  [999, '0s'],
  [61_000, '1m 1s'],
  [3_600_000, '1h'],
  [11_525_000, '3h 12m'],
  [90_000_000, '1d 1h'],
  [86_400_000 + 59_000, '1d'],
])('%i ms read %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
