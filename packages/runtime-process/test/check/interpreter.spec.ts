import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseInterpreter } from '../../src/check/interpreter.js';

test.each([
  ['#!/bin/sh\n', '/bin/sh'],
  ['#! /usr/bin/env python3\n', '/usr/bin/env'],
  ['#!\t/bin/sh -e', '/bin/sh'],
  ['#!relative\n', 'relative'],
])('the interpreter of %j is %j', (head, path) => {
  expect(parseInterpreter(Buffer.from(head))).toEqual({ path, isScript: true });
});

test.each(['', '#!', '#!\n/bin/sh', '#! \t\n', ' #!/bin/sh', 'echo hello\n', '\x7fELF'])('%j asks for none', (head) => {
  expect(parseInterpreter(Buffer.from(head, 'latin1'))).toBeUndefined();
});

test('that of a program is the dynamic linker', () => {
  const interpreter = parseInterpreter(readFileSync('/bin/sleep').subarray(0, 4096));
  expect(interpreter).toMatchObject({ isScript: false, path: expect.stringMatching(/^\/lib.*ld.*\.so/) });
});

test('no beginning of a file makes it fail', () => {
  const elf = readFileSync('/bin/sleep').subarray(0, 4096);
  const damaged = fc
    .tuple(fc.array(fc.tuple(fc.nat(1023), fc.nat(255)), { maxLength: 20 }), fc.nat(4096))
    .map(([changes, length]) => {
      const head = Buffer.from(elf);
      for (const [at, byte] of changes) head[at] = byte;
      return head.subarray(0, length);
    });
  const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  const script = fc.string({ maxLength: 300 }).map((text) => Buffer.from(`#!${text}`));
  fc.assert(
    fc.property(fc.oneof(damaged, anything, script), (head) => {
      const { path } = parseInterpreter(head) ?? {};
      expect(path).not.toBe('');
    }),
    { numRuns: 500 },
  );
});
