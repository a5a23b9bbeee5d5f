import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, displayWidth, fitToRight, fitToWidth } from '../src/terminal/display-width.js';
import { KeyDecoder } from '../src/terminal/key-decoder.js';
import { sparkline } from '../src/top/sparkline.js';
import { shownSize } from '../src/values/shown-size.js';
import { escapeControlCharacters } from '../src/output/escape-control-characters.js';

describe('display width', () => {
  test.each([
    ['plain', 5],
    ['', 0],
    ['名前', 4],
    ['e\u0301', 1],
    ['a\u200bb', 2],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['●◐✗○▁█', 6],
  ])('of %j is %i', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('a fitted text has exactly its width, whatever it is', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(text, fc.nat(30), (raw, width) => {
        const safe = escapeControlCharacters(raw).replaceAll('\t', ' ');
        expect(displayWidth(fitToWidth(safe, width))).toBe(width);
        expect(displayWidth(fitToRight(safe, width))).toBe(width);
        expect(displayWidth(columnsOf(safe, 3, width))).toBeLessThanOrEqual(width);
      }),
      { numRuns: 500 },
    );
  });

  test('what is cut ends in an ellipsis, also where a wide character would have been cut in two', () => {
    expect(fitToWidth('abcdef', 4)).toBe('abc…');
    expect(fitToWidth('名前です', 4)).toBe('名… ');
    expect(fitToRight('ab', 4)).toBe('  ab');
    expect(columnsOf('a名b', 0, 2)).toBe('a');
    expect(columnsOf('abcdef', 2, 3)).toBe('cde');
  });
});

describe('KeyDecoder', () => {
  const keysOf = (...pieces: readonly string[]) => {
    const decoder = new KeyDecoder();
    return [...pieces.flatMap((piece) => decoder.add(Buffer.from(piece))), ...decoder.settle()];
  };

  test.each([
    [['q'], ['q']],
    [['\u001b[A\u001bOB\u001b[5~'], ['up', 'down', 'page-up']],
    [['\u001b'], ['escape']],
    [['\u001b', '[A'], ['up']],
    [['\u001b['], []],
    [['\u001b\u001b'], ['escape', 'escape']],
    [['\u001bx'], ['escape', 'x']],
    [['\r\u007f\u0003'], ['enter', 'backspace', 'ctrl-c']],
    // One that means nothing here: shift and up.
    [['\u001b[1;2Aq'], ['q']],
    [['ü😀'], ['ü', '😀']],
  ])('%j is %j', (pieces, keys) => {
    expect(keysOf(...pieces)).toEqual(keys);
  });

  test('makes the same keys of the same bytes, in whatever pieces they come', () => {
    const input = fc.array(fc.constantFrom('a', '\u001b[A', '\u001bOF', '\u001b[5~', '😀', '\r', '\u001b[1;5C'));
    fc.assert(
      fc.property(input, fc.array(fc.nat(40)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
          (a, b) => a - b,
        );
        const decoder = new KeyDecoder();
        const keys = places.flatMap((place, index) => decoder.add(bytes.subarray(place, places[index + 1] ?? place)));
        expect(keys).toEqual(keysOf(parts.join('')));
        expect(decoder.isUnsure).toBe(false);
      }),
    );
  });
});

test('a sparkline is as wide as it is to be, and ends with the newest', () => {
  expect(sparkline([0, 50, 100], 5, 10)).toBe('  ▁▅█');
  expect(sparkline([1, 2, 3, 100], 2, 10)).toBe('▁█');
  expect(sparkline([1], 1, 10)).toBe('▁');
  expect(sparkline([], 3, 10)).toBe('   ');
  expect(sparkline([1], 0, 10)).toBe('');
});

test.each([
  [0n, '0B'],
  [1023n, '1023B'],
  [1024n, '1K'],
  [1536n, '1.5K'],
  [1024n * 1023n, '1023K'],
  [1024n * 1024n - 1n, '1M'],
  [3n * 1024n ** 3n, '3G'],
  [2n ** 64n - 1n, '16E'],
])('%i bytes are %s', (bytes, text) => {
  expect(shownSize(bytes)).toBe(text);
});
