import { InvalidSpecError, runtime } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { execProbe, httpProbe, logProbe, tcpProbe } from './probe-fixture.js';
import { checkProbe, type ProbeUse } from '../../../src/schedule/probes/index.js';

function violationsOf(probe: runtime.Probe, use: ProbeUse = 'readiness') {
  try {
    checkProbe(probe, `criteria.${use}`, use);
    return [];
  } catch (error) {
    if (error instanceof InvalidSpecError) return error.violations;
    throw error;
  }
}

const tcp = (host: string, port = 80) => tcpProbe(port, host);
const http = ({ port = 80, ...more }: Partial<runtime.HttpProbe>) => httpProbe(port, more);
const none = runtime.Probe.fromPartial({});

test.each([
  ['a command', execProbe('pg_isready', '-q')],
  ['a port', tcp('')],
  ['a name', tcp('db.example_1.internal')],
  ['an address', tcp('10.0.0.1')],
  ['an address of IPv6', tcp('::1')],
  ['the same in brackets', tcp('[fe80::1]')],
  ['a GET', http({})],
  ['a path with a query', http({ path: '/healthz?deep=1&x=%20' })],
  ['a pattern', logProbe('listening on (\\S+):[0-9]{1,5}$', 'stderr')],
  ['the longest times', { ...tcp(''), initialDelayMs: 3_600_000, intervalMs: 3_600_000, timeoutMs: 3_600_000 }],
  ['the shortest times', { ...tcp(''), intervalMs: 10, timeoutMs: 1 }],
])('%s is right', (_, probe) => {
  expect(violationsOf(probe)).toEqual([]);
});

test.each([
  ['no check', none, '', 'needs a check: exec, tcp, http or log'],
  ['no command', execProbe(), '.exec.argv', 'the command of the probe is empty'],
  ['an empty program', execProbe('', 'x'), '.exec.argv', 'the command of the probe is empty'],
  ['a NUL', execProbe('x', 'a\0b'), '.exec.argv', 'NUL'],
  ['a command as long as a book', execProbe('x', 'y'.repeat(200_000)), '.exec.argv', 'at most 131072 are allowed'],
  ['port 0', tcp('', 0), '.tcp.port', 'the port is 0; 1 to 65535 are allowed'],
  ['a port too high', http({ port: 65_536 }), '.http.port', 'the port is 65536; 1 to 65535 are allowed'],
  ['a host with a port', tcp('localhost:80'), '.tcp.host', 'the host "localhost:80" is neither a name'],
  ['a URL as a host', http({ host: 'http://x/' }), '.http.host', 'the host "http://x/" is neither a name'],
  ['an address that is none', tcp('300.0.0.1'), '.tcp.host', 'the host "300.0.0.1" is neither a name'],
  ['brackets around a name', tcp('[localhost]'), '.tcp.host', 'the host "[localhost]" is neither a name'],
  ['a relative path', http({ path: 'healthz' }), '.http.path', 'the path "healthz" must begin with "/"'],
  ['a line break in the path', http({ path: '/a\r\nX: y' }), '.http.path', 'the path "/a\\r\\nX: y" has blanks or'],
  ['a blank in the path', http({ path: '/a b' }), '.http.path', 'must be written as in "%20"'],
  ['no pattern', logProbe(''), '.log.pattern', 'the pattern is empty'],
  [
    'an open bracket',
    logProbe('ready ('),
    '.log.pattern',
    'the pattern "ready (" is no regular expression of RE2: missing',
  ],
  [
    'what only backtracking can do',
    logProbe('(a)\\1'),
    '.log.pattern',
    'is no regular expression of RE2: invalid escape',
  ],
  ['a look ahead', logProbe('a(?=b)'), '.log.pattern', 'is no regular expression of RE2: invalid or unsupported'],
  ['a pattern that takes long', logProbe('.{0,900}.{0,900}'), '.log.pattern', 'at most 1000 are allowed'],
  ['a pattern of 2000 characters', logProbe('x'.repeat(2000)), '.log.pattern', 'it has 2000 characters'],
  ['an unknown channel', logProbe('x', 'stdin'), '.log.channel', 'there is no channel "stdin"'],
  ['an interval of 9 ms', { ...tcp(''), intervalMs: 9 }, '.interval_ms', 'the interval is 9 ms; 10 ms to 3600000 ms'],
  ['an interval above an hour', { ...tcp(''), intervalMs: 3_600_001 }, '.interval_ms', 'the interval is 3600001 ms'],
  ['a timeout above an hour', { ...tcp(''), timeoutMs: 3_600_001 }, '.timeout_ms', 'the timeout is 3600001 ms'],
  ['a late first question', { ...tcp(''), initialDelayMs: 3_600_001 }, '.initial_delay_ms', 'the initial delay is'],
  ['a threshold', { ...tcp(''), failureThreshold: 3 }, '.failure_threshold', 'a failure threshold is for liveness'],
])('%s is refused', (_, probe, field, description) => {
  expect(violationsOf(probe)).toEqual([
    { field: `criteria.readiness${field}`, description: expect.stringContaining(description) },
  ]);
});

describe('for liveness', () => {
  test('a log is refused', () => {
    expect(violationsOf(logProbe('x'), 'liveness')).toEqual([
      { field: 'criteria.liveness.log', description: expect.stringContaining('use exec, tcp or http') },
    ]);
  });

  test('a threshold is right', () => {
    expect(violationsOf({ ...tcp(''), failureThreshold: 100 }, 'liveness')).toEqual([]);
  });
});

test('all that is wrong is told at once', () => {
  const fields = violationsOf({ ...http({ host: '?', port: 0, path: 'x' }), intervalMs: 1 }).map(({ field }) => field);
  expect(fields).toEqual(
    ['.http.host', '.http.port', '.http.path', '.interval_ms'].map((end) => `criteria.readiness${end}`),
  );
});
