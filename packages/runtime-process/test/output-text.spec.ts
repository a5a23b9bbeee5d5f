import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { outputText } from '../src/output-text.js';

describe('outputText', () => {
  test('replaces what is not UTF-8', () => {
    expect(outputText(Buffer.from([0x61, 0xff, 0x62]), false, 100)).toEqual({ text: 'a\uFFFDb', usedBytes: 3 });
  });

  test('does not tear a character where the capture was cut', () => {
    const bytes = Buffer.from('aü😀');
    expect(outputText(bytes.subarray(0, 5), true, 100)).toEqual({ text: 'aü', usedBytes: 3 });
    expect(outputText(bytes.subarray(0, 5), false, 100).text).toBe('aü\uFFFD');
  });

  test('holds the encoded text to the bound, although U+FFFD is three bytes', () => {
    const { text, usedBytes } = outputText(Buffer.alloc(10_000, 0xff), false, 10_000);
    expect(text).toBe('\uFFFD'.repeat(3333));
    expect(usedBytes).toBe(3333);
  });

  test('is the start of what toString() makes, for any bytes and any bound', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.string({ unit: 'binary', maxLength: 32 }).map((text) => new Uint8Array(Buffer.from(text))),
    );
    fc.assert(
      fc.property(bytes, fc.nat(200), fc.nat(9000), (array, limitBytes, padding) => {
        const input = Buffer.concat([Buffer.alloc(padding, 0x61), array]);
        const { text, usedBytes } = outputText(input, false, limitBytes + padding);
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limitBytes + padding);
        expect(input.toString().startsWith(text)).toBe(true);
        expect(input.subarray(0, usedBytes).toString()).toBe(text);
        if (Buffer.byteLength(input.toString()) <= limitBytes + padding) expect(usedBytes).toBe(input.length);
      }),
      { numRuns: 2000 },
    );
  });
});
