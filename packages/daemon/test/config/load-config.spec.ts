import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig, parseConfig } from '../../src/config/load-config.js';

const file = '/etc/aurae/auraed.toml';

function faultsOf(text: string): readonly string[] {
  try {
    parseConfig(file, text);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for every key', () => {
    const config = parseConfig(file, '');
    expect(config.shutdown.drain_timeout).toBe(5000);
    expect(config.backends.executable).toEqual({ use: 'process', options: {} });
    expect(config.log.sinks).toMatchObject([{ use: 'console', options: {}, when_behind: 'drop-oldest' }]);
  });

  it('takes what is given and keeps the other defaults', () => {
    const config = parseConfig(file, '[shutdown]\ndrain_timeout = "2m"\n[[log.sinks]]\nuse = "@acme/sink"\n');
    expect(config.shutdown.drain_timeout).toBe(120_000);
    expect(config.log.sinks).toMatchObject([{ use: '@acme/sink', options: {} }]);
    expect(config.limits.connections).toBe(4096);
  });

  it.each([
    ['an unknown key', 'colour = 1', `${file}: colour is not a known key; allowed at the top level: version, paths,`],
    ['an unknown key below', '[tcp]\nport = 1', `${file}: tcp.port is not a known key; allowed in tcp: listen`],
    ['an unknown key in a list', '[[log.sinks]]\nuze = "x"', `${file}: log.sinks[0].uze is not a known key`],
    [
      'a wrong value',
      '[log]\nlevel = "loud"',
      `${file}: log.level = "loud" is not allowed: it must be one of "trace", "debug", "info", "warn", "error", "fatal"`,
    ],
    [
      'a wrong value in a list',
      '[[log.sinks]]\nfrom = ["all"]',
      `${file}: log.sinks[0].from[0] = "all" is not allowed: it must be one of "daemon", "workloads"`,
    ],
    ['an empty list', '[[log.sinks]]\nfrom = []', 'from = [] is not allowed: it must be a list of "daemon" and "workl'],
    [
      'an empty string',
      '[tls]\nserver_names = [""]',
      '[0] = "" is not allowed: it must be a string, its length at least 1',
    ],
    [
      'a wrong key of a free table',
      '[log.levels]\n"" = "info"',
      `${file}: log.levels."" is not allowed: the key must be a string, its length at least 1`,
    ],
    ['a wrong type', '[limits]\nconnections = "many"', 'limits.connections = "many" is not allowed: it must be'],
    [
      'a number out of range',
      '[limits]\nconnections = 0',
      'limits.connections = 0 is not allowed: it must be at least 1',
    ],
    ['a wrong duration', '[shutdown]\ndrain_timeout = "5 parsecs"', 'it must be a duration such as "500ms"'],
    ['a duration that is too long', '[shutdown]\ndrain_timeout = "2h"', 'at most "1h"'],
    [
      'a number for a duration',
      '[shutdown]\ndrain_timeout = 5',
      'shutdown.drain_timeout = 5 is not allowed: it must be a dur',
    ],
    [
      'a relative path',
      '[paths]\nsocket = "x.sock"',
      'paths.socket = "x.sock" is not allowed: it must be an absolute path',
    ],
    ['an address without a port', '[tcp]\nlisten = "localhost"', 'it must be host:port'],
    ['a port out of range', '[tcp]\nlisten = "localhost:70000"', 'port from 0 to 65535'],
    ['an unknown version', 'version = 2', 'version = 2 is not allowed: it must be 1, the only version'],
    ['half of the certificates', '[tls]\nca_crt = "/a"', 'belong together; 1 of 3 are given'],
    ['a trust domain that is none', '[identity]\ntrust_domain = "A/B"', 'it must be a SPIFFE trust domain'],
  ])('names file, key, value and what is allowed for %s', (_, text, expected) => {
    expect(faultsOf(text).join('\n')).toContain(expected);
  });

  it('tells every fault at once', () => {
    expect(faultsOf('a = 1\n[log]\nlevel = 1\n[tcp]\nlisten = 1')).toHaveLength(3);
  });

  it('tells line and column of a syntax error', () => {
    expect(faultsOf('[log]\nlevel = = 1')[0]).toMatch(/^\/etc\/aurae\/auraed\.toml:2:\d+: is not valid TOML: /);
  });

  it('answers any text with a configuration or with a ConfigError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]="\n.a1_{}, ') })), (text) => {
        expect(Array.isArray(faultsOf(text))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a missing file for an empty one, unless it was asked for', () => {
    const directory = mkdtempSync(join(tmpdir(), 'aurae-config-'));
    try {
      const path = join(directory, 'auraed.toml');
      expect(loadConfig(path, false).version).toBe(1);
      expect(() => loadConfig(path, true)).toThrow(`${path}: cannot be read: it does not exist`);
      writeFileSync(path, '[log]\nlevel = "debug"\n');
      expect(loadConfig(path, true).log.level).toBe('debug');
      expect(() => loadConfig(directory, false)).toThrow('cannot be read');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
