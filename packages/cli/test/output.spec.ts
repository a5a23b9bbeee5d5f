import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatColumns } from '../src/output/columns.js';
import { escapeControlCharacters } from '../src/output/escape-control-characters.js';
import { wrapWords } from '../src/output/wrap-words.js';
import { paintFor } from '../src/output/terminal-style.js';

test('text of others holds nothing that a terminal acts on', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeControlCharacters(text)).toMatch(
        /^[^\p{Cc}\u202a-\u202e\u2066-\u2069]*(\t[^\p{Cc}\u202a-\u202e\u2066-\u2069]*)*$/u,
      );
    }),
  );
  expect(escapeControlCharacters('a\u001b[31mb\r\n\u202e\tü')).toBe('a\\x1b[31mb\\r\\n\\u202e\tü');
});

test('colours are for a terminal, unless NO_COLOR is set', () => {
  expect(paintFor({ isTTY: true }, {})('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(paintFor({ isTTY: true }, { NO_COLOR: '' })('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  expect(paintFor({ isTTY: true }, { NO_COLOR: '1' })('red', 'x')).toBe('x');
  expect(paintFor({ isTTY: true }, { TERM: 'dumb' })('red', 'x')).toBe('x');
  expect(paintFor({}, {})('red', 'x')).toBe('x');
});

test('wrapped words fit their width, and none is lost', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^(\w{0,30} ?){0,9}$/), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const lines = wrapWords(text, width);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }),
  );
  expect(wrapWords('one two three', 8)).toEqual(['one two', 'three']);
});

test('columns are aligned, whatever their colours', () => {
  const rows = [
    [{ text: 'A', style: 'bold' as const }, { text: 'B' }],
    [{ text: 'long' }, { text: 'b' }],
  ];
  expect(formatColumns(rows, (_style, text) => text)).toEqual(['A     B', 'long  b']);
});
