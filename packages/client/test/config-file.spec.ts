import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AuraeError } from '@aurae/proto';
import { parseConfigFile } from '../src/config-file.js';

const parse = (text: string) => parseConfigFile(text, '/etc/aurae/config');

test('the file of an early client is understood', () => {
  const settings = parse(`[auth]
ca_crt = "~/.aurae/pki/ca.crt"
client_crt = "~/.aurae/pki/_signed.client.nova.crt"
client_key = "~/.aurae/pki/client.nova.key"

[system]
socket = "/var/run/aurae/aurae.sock"
`);
  expect(settings.clientKey).toEqual({
    value: '~/.aurae/pki/client.nova.key',
    source: '"auth.client_key" in "/etc/aurae/config"',
    baseDir: '/etc/aurae',
  });
  expect(settings.socket?.value).toBe('/var/run/aurae/aurae.sock');
});

test.each([
  ['[auth]\nca_cert = "x"', '"auth.ca_cert" is not known: allowed in [auth] are "ca_crt", "client_crt", "client_key"'],
  ['[system]\nport = 1', '"system.port" is not known: allowed in [system] are "socket"'],
  ['[sytem]', '"sytem" is not known: allowed sections are "auth", "system"'],
  ['socket = "x"', '"socket" is not known: allowed sections are'],
  ['auth = 1', '"auth" must be a section: write [auth]'],
  ['[[auth]]', '"auth" must be a section: write [auth]'],
  ['[auth]\nclient_key = 1', '"auth.client_key" must be the path of the client key as a string that is not empty'],
  ['[system]\nsocket = ""', '"system.socket" must be the socket of the daemon as a string that is not empty'],
  ['["__proto__"]', '"__proto__" is not known'],
])('%j is refused with file, key and what is allowed', (text, problem) => {
  expect(() => parse(text)).toThrow(`Cannot use the client config file "/etc/aurae/config": ${problem}`);
});

test('a syntax error names line and column', () => {
  expect(() => parse('[auth]\nca_crt = \n')).toThrow(
    /^Cannot read the client config file "\/etc\/aurae\/config": line 2, column \d+: .+/,
  );
});

test('whatever a file holds, the error is one that tells a person what to do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      try {
        parse(text);
      } catch (error) {
        expect(error).toBeInstanceOf(AuraeError);
        expect((error as Error).message).toContain('/etc/aurae/config');
      }
    }),
    { numRuns: 500 },
  );
});
