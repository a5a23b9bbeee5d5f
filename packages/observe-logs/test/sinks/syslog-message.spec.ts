import fc from 'fast-check';
import { expect, it } from 'vitest';
import { structuredParameter } from '../../src/sinks/syslog/structured-data.js';
import { parseSyslogAddress } from '../../src/sinks/syslog/syslog-address.js';
import { syslogEncoder } from '../../src/sinks/syslog/syslog-message.js';
import { record } from '../fixtures/records.js';

const encode = syslogEncoder({ facility: 3, hostname: 'node-7', appName: 'auraed', byteOrderMark: true });
/** With plenty of what means something in structured data. */
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', ']', '\n', 'é'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  maxLength: 60,
});
/** RFC 5424, section 6, as a regular expression: no more than what its grammar allows. */
const grammar =
  /^<(\d{1,3})>1 (-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) - ([!-~]{1,32}) \[([!-~]{1,32})((?: [!-~]+="(?:[^"\\\]]|\\["\\\]])*")+)\] (.*)$/su;

it('a parameter can be read again, whatever its value', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      const [, quoted = ''] = /^name="((?:[^"\\\]]|\\["\\\]])*)"$/s.exec(structuredParameter('name', value)) ?? [];
      const isControl = (character: string) => /[\u0000-\u001f\u007f-\u009f]/.test(character);
      const expected = [...value].map((character) => (isControl(character) ? ' ' : character)).join('');
      expect(quoted.replace(/\\(.)/gs, '$1')).toBe(expected);
    }),
  );
});

it('a message keeps to the grammar and to the limit, whatever is in the record', () => {
  const anyItem = fc.record({
    line: fc.oneof(
      anyText,
      fc.tuple(anyText, fc.nat(200)).map(([text, times]) => text.repeat(times)),
    ),
    channel: anyText,
    level: fc.oneof(anyText, fc.constantFrom('', 'trace', 'fatal')),
    timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    dropped: fc.bigInt({ min: 0n, max: 9n }),
    fieldsJson: fc.constantFrom('', '{"a":1}'),
    partial: fc.boolean(),
  });
  const anyWorkload = fc.option(
    fc.record({
      kind: fc.constantFrom(1, 2),
      name: fc.tuple(anyText, fc.nat(50)).map(([text, times]) => text.repeat(times)),
    }),
    {
      nil: undefined,
    },
  );
  fc.assert(
    fc.property(anyItem, anyWorkload, fc.integer({ min: 2048, max: 9000 }), (item, workload, limit) => {
      const message = encode(record(item, workload), limit);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(limit);
      const [, priority, , , , , , data, text = ''] = grammar.exec(message) ?? [];
      expect(Number(priority) >> 3).toBe(3);
      expect(data).toContain(`sequence="${item.sequence}"`);
      expect(data?.includes('workload="')).toBe(workload !== undefined);
      // Nothing that ends a line.
      expect(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(message)).toBe(false);
      expect(text.startsWith('\ufeff')).toBe(/[^\u0000-\u007f]/.test(text));
    }),
    { numRuns: 1000 },
  );
});

it('severities follow the level, else the channel', () => {
  const priorities = (items: Parameters<typeof record>[0][]) =>
    items.map((item) => Number(/^<(\d+)>/.exec(encode(record(item), 2048))?.[1]) - 24);
  expect(priorities(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => ({ level })))).toEqual([
    7, 7, 6, 4, 3, 2,
  ]);
  expect(priorities(['stdout', 'stderr', ''].map((channel) => ({ channel, level: '' })))).toEqual([6, 3, 6]);
});

it.each([
  ['unix:/dev/log', { transport: 'unix', path: '/dev/log' }],
  ['udp:logs.example:514', { transport: 'udp', host: 'logs.example', port: 514 }],
  ['tcp:[fe80::1%eth0]:601', { transport: 'tcp', host: 'fe80::1%eth0', port: 601 }],
  ['tcp:::1:601', undefined],
  ['udp:host:0', undefined],
  ['unix:dev/log', undefined],
])('the address %s', (text, expected) => {
  expect(parseSyslogAddress(text)).toEqual(expected);
});
