import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteCommand } from '../src/shell-quote.js';

test('plain words stay as they are', () => {
  expect(quoteCommand(['ls', '-l', '/var/log', 'a=b'])).toBe("ls -l /var/log 'a=b'");
});

test('a shell reads back exactly the words', () => {
  const word = fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '$', '\\', '\n', '`', '!', '*', '~', ';', 'é') });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const output = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${quoteCommand(words)}`]).toString();
      expect(output.split('\0').slice(0, -1)).toEqual(words);
    }),
    { numRuns: 50 },
  );
});
