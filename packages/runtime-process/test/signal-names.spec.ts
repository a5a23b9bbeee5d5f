import { InvalidSpecError } from '@aurae/proto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSignal, signalName } from '../src/signal-names.js';

describe('parseSignal', () => {
  test.each([
    ['TERM', 15],
    ['SIGTERM', 15],
    ['sighup', 1],
    ['Kill', 9],
    ['9', 9],
    ['64', 64],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmax-1', 63],
  ])('takes %s', (text, number) => {
    expect(parseSignal(text, 'signal')).toBe(number);
  });

  test.each([
    '',
    '0',
    '65',
    '-1',
    '1.5',
    'SIG',
    'SIGSIGTERM',
    'TERM ',
    'RTMIN-1',
    'RTMAX+1',
    'RTMIN+31',
    '٣',
    'x'.repeat(1000),
  ])('refuses %j, and tells what is allowed', (text) => {
    const parse = () => parseSignal(text, 'stop_signal');
    expect(parse).toThrow(InvalidSpecError);
    expect(parse).toThrow(/HUP, INT, QUIT.*numbers 1 to 64/);
    expect(parse).toThrow(
      expect.objectContaining({ violations: [expect.objectContaining({ field: 'stop_signal' })] }) as Error,
    );
  });

  test('reads back every name that is shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), fc.boolean(), (number, small) => {
        const name = signalName(number);
        expect(parseSignal(small ? name.toLowerCase() : name.slice(3), 'signal')).toBe(number);
      }),
    );
  });

  test('never answers with anything but a signal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(SIG)?RTM(IN|AX)[+-]?\d{0,3}$/)), (text) => {
        try {
          const number = parseSignal(text, 'signal');
          expect(number >= 1 && number <= 64).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidSpecError);
        }
      }),
    );
  });
});
