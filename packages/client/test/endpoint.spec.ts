import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Endpoint, endpointTarget, parseEndpoint } from '../src/endpoint.js';

const parse = (text: string) => parseEndpoint(text, 'a test', '/base', '/home/me');

test.each<[string, Endpoint]>([
  ['/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ['a.sock', { kind: 'unix', path: '/base/a.sock' }],
  ['~/a.sock', { kind: 'unix', path: '/home/me/a.sock' }],
  ['unix:///run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
  ['./host:80', { kind: 'unix', path: '/base/host:80' }],
  ['./host:99999', { kind: 'unix', path: '/base/host:99999' }],
  ['/run/a:80', { kind: 'unix', path: '/run/a:80' }],
  ['host:8080', { kind: 'tcp', host: 'host', port: 8080 }],
  ['tcp://10.0.0.1:1', { kind: 'tcp', host: '10.0.0.1', port: 1 }],
  ['[::1]:8080', { kind: 'tcp', host: '[::1]', port: 8080 }],
])('%s is understood', (text, endpoint) => {
  expect(parse(text)).toEqual(endpoint);
});

test.each([
  ['', 'it is empty'],
  ['unix://', 'its path is not absolute'],
  ['unix://run/a.sock', 'its path is not absolute'],
  ['tcp://host', 'it names no host and port'],
  ['tcp://host:0', 'the port 0 is not from 1 to 65535'],
  ['tcp://host:65536', 'the port 65536 is not from 1 to 65535'],
  ['localhost:99999', 'the port 99999 is not from 1 to 65535'],
  ['localhost:1234567', 'the port 1234567 is not from 1 to 65535'],
  ['https://host:80', '"https" is not a transport'],
])('"%s" is refused', (text, why) => {
  expect(() => parse(text)).toThrow(
    `Cannot use the socket "${text}" (a test): ${why}; allowed are a path, unix:///path, host:port or tcp://host:port`,
  );
});

test('an absolute path stays what it is', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9:_ -]{1,8}$/);
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
      const path = `/${segments.join('/')}`;
      expect(endpointTarget(parse(path))).toBe(`unix:${path}`);
      expect(parse(`unix://${path}`)).toEqual({ kind: 'unix', path });
    }),
  );
});
