import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseByteSize } from '../../src/values/byte-size.js';
import { parseCpuMillis } from '../../src/values/cpu-millis.js';
import { parseDetachKeys } from '../../src/values/detach-keys.js';
import { environmentLines } from '../../src/values/environment-file.js';
import { parsePointInTime } from '../../src/values/point-in-time.js';
import { parseProcessLimit } from '../../src/values/process-limit.js';
import { parseRestartPolicy } from '../../src/values/restart-policy.js';
import { parseSignal } from '../../src/values/signal-name.js';
import { nameOfProgram } from '../../src/values/workload-name.js';

const unlimited = 2n ** 64n - 1n;

/** What no parser may do with any text. */
function neverThrows(parse: (text: string) => unknown): void {
  const hostile = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9a-zA-Z.,:=+-]{0,24}$/));
  fc.assert(fc.property(hostile, (text) => void parse(text)));
}

describe('a size', () => {
  test.each([
    ['1', 1n],
    ['4096', 4096n],
    ['256M', 268_435_456n],
    ['512Ki', 524_288n],
    ['512k', 524_288n],
    ['1G', 1_073_741_824n],
    ['1.5Gi', 1_610_612_736n],
    ['2t', 2_199_023_255_552n],
    ['18446744073709551615', unlimited],
  ])('%s is %s bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  test.each(['', '0', 'M', '-1', '1.5', '1 M', '256MB', '1e3', '0x10', '5i', '18446744073709551616', '16777216T'])(
    '"%s" is none',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined();
    },
  );

  test('of whole units is exact', () => {
    const unit = fc.constantFrom(['', 0n], ['k', 10n], ['Ki', 10n], ['M', 20n], ['Mi', 20n], ['G', 30n], ['T', 40n]);
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 24n - 1n), unit as fc.Arbitrary<[string, bigint]>, (amount, [name, shift]) => {
        expect(parseByteSize(`${amount}${name}`)).toBe(amount << shift);
      }),
    );
    neverThrows(parseByteSize);
  });
});

describe('a share of the processors', () => {
  test.each([
    ['0.5', 500],
    ['2', 2000],
    ['500m', 500],
    ['0.25', 250],
    ['0.001', 1],
    ['1.05', 1050],
  ])('%s is %i thousandths', (text, millis) => {
    expect(parseCpuMillis(text)).toBe(millis);
  });

  test.each(['', '0', '0.0', '0m', '0.0005', '-1', '.5', '1e3', '50%', '0.5m', '4294967296m'])(
    '"%s" is none',
    (text) => {
      expect(parseCpuMillis(text)).toBeUndefined();
    },
  );

  test('reads the same in CPUs as in thousandths', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), (millis) => {
        expect(parseCpuMillis(`${millis}m`)).toBe(millis);
        expect(parseCpuMillis((millis / 1000).toFixed(3))).toBe(millis);
      }),
    );
    neverThrows(parseCpuMillis);
  });
});

describe('a signal', () => {
  test.each([
    ['HUP', 'HUP'],
    ['hup', 'HUP'],
    ['SIGTERM', 'TERM'],
    ['sigterm', 'TERM'],
    ['9', 'KILL'],
    ['34', '34'],
  ])('%s is %s', (text, name) => {
    expect(parseSignal(text)).toBe(name);
  });

  test.each(['', '0', '65', '-1', 'NOSUCH', 'SIG', 'SIGSIGTERM', 'toString', '1.0'])('"%s" is none', (text) => {
    expect(parseSignal(text)).toBeUndefined();
    neverThrows(parseSignal);
  });
});

describe('a restart policy', () => {
  test.each([
    ['no', { mode: 0, maxRestarts: 0 }],
    ['never', { mode: 0, maxRestarts: 0 }],
    ['on-failure', { mode: 1, maxRestarts: 0 }],
    ['on-failure:5', { mode: 1, maxRestarts: 5 }],
    ['always', { mode: 2, maxRestarts: 0 }],
    ['always:5', { mode: 2, maxRestarts: 5 }],
  ])('%s is %j', (text, policy) => {
    expect(parseRestartPolicy(text)).toEqual({ ...policy, firstPauseMs: 0, longestPauseMs: 0, stableAfterMs: 0 });
  });

  test.each(['', 'never:5', 'on-failure:', 'on-failure:0', 'on-failure:-1', 'on-failure:9999999999', 'always:0'])(
    '"%s" is none',
    (text) => {
      expect(parseRestartPolicy(text)).toBeUndefined();
      neverThrows(parseRestartPolicy);
    },
  );
});

describe('a limit of setrlimit(2)', () => {
  test.each([
    ['nofile=1024', { name: 'nofile', soft: 1024n, hard: 1024n }],
    ['nofile=1024:4096', { name: 'nofile', soft: 1024n, hard: 4096n }],
    ['core=0:unlimited', { name: 'core', soft: 0n, hard: unlimited }],
    ['core=unlimited', { name: 'core', soft: unlimited, hard: unlimited }],
  ])('%s is read', (text, limit) => {
    expect(parseProcessLimit(text)).toEqual(limit);
  });

  test.each(['', 'nofile', 'nofile=', '=5', 'nofile=5:4', 'nofile=5:', 'nofile=-1', 'nofile=1:2:3', 'NOFILE=1'])(
    '"%s" is none',
    (text) => {
      expect(parseProcessLimit(text)).toBeUndefined();
      neverThrows(parseProcessLimit);
    },
  );
});

describe('a point in time', () => {
  const nowMs = Date.UTC(2026, 0, 2, 12);
  test.each([
    ['10m', nowMs - 600_000],
    ['0s', nowMs],
    ['2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1)],
    ['2026-01-01 02:30:00+02:00', Date.UTC(2026, 0, 1, 0, 30)],
    ['2026-01-01T00:00:00.250Z', Date.UTC(2026, 0, 1, 0, 0, 0, 250)],
    ['2026-01-01', new Date(2026, 0, 1).getTime()],
    ['2026-01-01T06:00', new Date(2026, 0, 1, 6).getTime()],
  ])('%s is %i', (text, ms) => {
    expect(parsePointInTime(text, nowMs)).toBe(ms);
  });

  test.each(['', 'yesterday', '2026-', '2026-13-01', '2026-01-01Z', '01/02/2026', '9999999h'])(
    '"%s" is none',
    (text) => {
      expect(parsePointInTime(text, nowMs)).toBeUndefined();
      neverThrows((any) => parsePointInTime(any, nowMs));
    },
  );
});

describe('keys that detach', () => {
  test.each([
    ['ctrl-p,ctrl-q', [0x10, 0x11]],
    ['ctrl-P,d', [0x10, 0x64]],
    ['ctrl-],~', [0x1d, 0x7e]],
    ['ctrl-@', [0]],
  ])('%s are %j', (text, bytes) => {
    expect([...(parseDetachKeys(text) ?? [])]).toEqual(bytes);
  });

  test.each(['', ',', 'ctrl-', 'ctrl-1', 'alt-p', 'a,', 'ab', 'é'])('"%s" are none', (text) => {
    expect(parseDetachKeys(text)).toBeUndefined();
    neverThrows(parseDetachKeys);
  });
});

describe('a file of variables', () => {
  test('is read line by line; blank lines and comments say nothing', () => {
    const text = '# a comment\n\nA=1\r\n  B=two words \n\tOWN \nC==#x\nD=';
    expect(environmentLines(text, 'x.env')).toEqual(['A=1', 'B=two words ', 'OWN', 'C==#x', 'D=']);
  });

  test.each(['=x', 'two words', 'A =1'])('%j names no variable, and its line is told', (line) => {
    expect(() => environmentLines(`A=1\n${line}`, 'the --env-from file "x.env"')).toThrow(
      'line 2 of the --env-from file "x.env" names no variable: write NAME=VALUE or NAME',
    );
  });
});

test.each([
  ['/usr/bin/python3', 'python3'],
  ['./worker', 'worker'],
  ['web', 'web'],
  ['.hidden', undefined],
  ['a b', undefined],
  ['/', undefined],
  ['', undefined],
  ['x'.repeat(129), undefined],
])('the name of %j is %j', (program, name) => {
  expect(nameOfProgram(program)).toBe(name);
});
