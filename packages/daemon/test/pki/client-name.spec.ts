import { join } from 'node:path';
import { InvalidSpecError } from '@aurae/proto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { assertClientName, clientPaths, isClientName, parseSpiffeId } from '../../src/pki/index.js';

const first = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const validName = fc
  .tuple(fc.constantFrom(...first), fc.array(fc.constantFrom(...first, '.', '_', '-'), { maxLength: 62 }))
  .map(([head, tail]) => head + tail.join(''))
  .filter((name) => !name.includes('..'));

test('accepts every name of the documented form', () => {
  fc.assert(fc.property(validName, (name) => isClientName(name)));
});

test('accepts nothing that leaves the directory or breaks a SPIFFE id', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-zA-Z0-9._/\\-]{0,70}$/), validName);
  fc.assert(
    fc.property(anything, (name) => {
      if (!isClientName(name)) return;
      expect(clientPaths('/pki', name).key).toBe(join('/pki', `client.${name}.key`));
      expect(clientPaths('/pki', name).key.split('/')).toHaveLength(3);
      expect(parseSpiffeId(`spiffe://example.org/client/${name}`)?.path).toBe(`/client/${name}`);
      expect(name.length).toBeLessThanOrEqual(63);
    }),
    { numRuns: 1000 },
  );
});

test('refuses a valid name with one forbidden character anywhere', () => {
  const forbidden = fc.constantFrom('/', '\\', '\0', '\n', ' ', 'A', '%', ':', '*', '~', '$', '\u00e9', '\u202e', '..');
  fc.assert(
    fc.property(validName, forbidden, fc.nat(), (name, character, position) => {
      const at = position % (name.length + 1);
      expect(isClientName(name.slice(0, at) + character + name.slice(at))).toBe(false);
    }),
  );
});

test('the error quotes the name and says what is allowed', () => {
  expect(() => assertClientName('a/"b')).toThrow(InvalidSpecError);
  expect(() => assertClientName('a/"b')).toThrow(/"a\/\\"b" as a client name: give 1 to 63 characters/);
});
