import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closestWord } from '../../src/closest-word.js';
import { exactByteSize, parseByteSize } from '../../src/values/byte-size.js';
import { parseDependency } from '../../src/values/dependency.js';
import { parseLabel } from '../../src/values/labels.js';
import { parseHttpProbe, parseTcpProbe } from '../../src/values/network-probe.js';

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z0-9.:/=[\]-]{0,24}$/));

test.each([
  ['db', { workload: { kind: 0, name: 'db' }, condition: 0 }],
  ['db=ready', { workload: { kind: 0, name: 'db' }, condition: 0 }],
  ['migrate=completed', { workload: { kind: 0, name: 'migrate' }, condition: 2 }],
  ['container/a.b@c:d=running', { workload: { kind: 2, name: 'a.b@c:d' }, condition: 1 }],
  ['', undefined],
  ['=ready', undefined],
  ['db=up', undefined],
  ['pod/db', undefined],
  ['container/', undefined],
  ['-db', undefined],
  ['a b', undefined],
])('the dependency %j is %j', (text, dependency) => {
  expect(parseDependency(text)).toEqual(dependency);
});

test.each([
  [':8080/healthz', { host: '', port: 8080, path: '/healthz', tls: false }],
  [':8080', { host: '', port: 8080, path: '', tls: false }],
  ['web.local:80/?a=b', { host: 'web.local', port: 80, path: '/?a=b', tls: false }],
  ['http://127.0.0.1', { host: '127.0.0.1', port: 80, path: '', tls: false }],
  ['https://127.0.0.1:8443/x', { host: '127.0.0.1', port: 8443, path: '/x', tls: true }],
  ['https://[::1]/', { host: '::1', port: 443, path: '/', tls: true }],
  ['https://:8443/', { host: '', port: 8443, path: '/', tls: true }],
  ['8080', undefined],
  ['web.local/', undefined],
  [':0/', undefined],
  [':65536/', undefined],
  [':80/a b', undefined],
  ['ftp://x:21/', undefined],
  ['user@x:80/', undefined],
  ['::1:80/', undefined],
])('the HTTP probe %j is %j', (text, probe) => {
  expect(parseHttpProbe(text)).toEqual(probe);
});

test.each([
  [':5432', { host: '', port: 5432 }],
  ['5432', { host: '', port: 5432 }],
  ['db.local:5432', { host: 'db.local', port: 5432 }],
  ['[::1]:5432', { host: '::1', port: 5432 }],
  ['db', undefined],
  ['db:', undefined],
  ['::1:5432', undefined],
  [':0', undefined],
  [':99999', undefined],
])('the TCP probe %j is %j', (text, probe) => {
  expect(parseTcpProbe(text)).toEqual(probe);
});

test.each([
  ['team=shop', ['team', 'shop']],
  ['a=b=c', ['a', 'b=c']],
  ['a=', ['a', '']],
  ['a', undefined],
  ['=b', undefined],
  ['a b=c', undefined],
])('the label %j is %j', (text, label) => {
  expect(parseLabel(text)).toEqual(label);
});

test.each([parseDependency, parseHttpProbe, parseTcpProbe, parseLabel])('%o never throws', (parse) => {
  fc.assert(fc.property(anyText, (text) => void parse(text)));
});

describe('a size', () => {
  test.each([
    [268_435_456n, '256M'],
    [1536n, '1536'],
    [2048n, '2k'],
    [1n, '1'],
  ])('of %s bytes is written as %s', (bytes, text) => {
    expect(exactByteSize(bytes)).toBe(text);
  });

  test('that is written is read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), (bytes) => {
        expect(parseByteSize(exactByteSize(bytes))).toBe(bytes);
      }),
    );
  });
});

test.each([
  ['restrat', 'restart'],
  ['umsk', 'umask'],
  ['Argv', 'argv'],
  ['x', undefined],
  ['nothing-like-it', undefined],
  ['y'.repeat(100_000), undefined],
])('who writes %j means %j', (text, word) => {
  expect(closestWord(text, ['argv', 'restart', 'umask', 'user'])).toBe(word);
});
