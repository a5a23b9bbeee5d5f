import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSpiffeId } from '../../src/pki/index.js';

const trustDomain = fc.stringMatching(/^[a-z0-9._-]{1,60}$/);
const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/).filter((text) => text !== '.' && text !== '..');
const segments = fc.array(segment, { minLength: 1, maxLength: 6 });

test('takes apart what is put together by the grammar', () => {
  fc.assert(
    fc.property(trustDomain, segments, (domain, parts) => {
      const id = `spiffe://${domain}/${parts.join('/')}`;
      expect(parseSpiffeId(id)).toEqual({ id, trustDomain: domain, path: `/${parts.join('/')}` });
    }),
  );
});

test('whatever is accepted consists of plain characters and means the same to a URL parser', () => {
  const alphabet = fc.constantFrom(...'spiffe:/.-_aZ0@?#%\\ é\0');
  const nearMiss = fc.array(alphabet, { maxLength: 20 }).map((rest) => `spiffe://${rest.join('')}`);
  fc.assert(
    fc.property(fc.oneof(nearMiss, fc.string({ unit: 'binary' }), fc.webUrl()), (uri) => {
      const parsed = parseSpiffeId(uri);
      if (parsed === undefined) return;
      expect(uri).toMatch(/^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/);
      const url = new URL(uri);
      expect([url.host, url.pathname, url.search, url.hash, url.username]).toEqual([
        parsed.trustDomain,
        parsed.path,
        '',
        '',
        '',
      ]);
    }),
    { numRuns: 5000 },
  );
});

test('refuses an id with a forbidden character inserted anywhere', () => {
  const forbidden = fc.constantFrom('?', '#', '@', ':', '%41', '\\', ' ', '\n', '\0', ',', '"', '\u00e9', '*');
  fc.assert(
    fc.property(trustDomain, segments, forbidden, fc.nat(), (domain, parts, character, position) => {
      const id = `spiffe://${domain}/${parts.join('/')}`;
      const at = position % (id.length + 1);
      expect(parseSpiffeId(id.slice(0, at) + character + id.slice(at))).toBeUndefined();
    }),
    { numRuns: 1000 },
  );
});

test.each([
  'spiffe://example.org',
  'spiffe://example.org/',
  'spiffe://example.org/a/',
  'spiffe://example.org//a',
  'spiffe://example.org/./a',
  'spiffe://example.org/a/..',
  'spiffe:///a',
  'spiffe://Example.org/a',
  'SPIFFE://example.org/a',
  'spiffe://example.org:443/a',
  'spiffe://user@example.org/a',
  'spiffe://example.org/a?b',
  'spiffe://example.org/a#b',
  'spiffe://example.org/a%2fb',
  'https://example.org/a',
  ' spiffe://example.org/a',
  `spiffe://${'a'.repeat(256)}/a`,
  `spiffe://example.org/${'a'.repeat(2048)}`,
])('refuses %s', (uri) => {
  expect(parseSpiffeId(uri)).toBeUndefined();
});
