import { join } from 'node:path';
import { journaldLogSinkRegistration } from '@aurae/observe-logs';
import { callContext, meta, UnavailableError } from '@aurae/proto';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { journalEntry } from '../../src/sinks/journald/journal-entry.js';
import { record } from '../fixtures/records.js';
import { DatagramReceiver } from './fixtures/datagram-receiver.js';
import { MadeSinks, optionFaults } from './fixtures/made-sinks.js';
import { numbered, web } from './fixtures/workload-records.js';

const sinks = new MadeSinks();
let receiver: DatagramReceiver | undefined;
afterEach(() => receiver?.[Symbol.asyncDispose]());
const socket = () => join(sinks.directory, 'socket');
const make = (options: Readonly<Record<string, unknown>> = {}) =>
  sinks.make(journaldLogSinkRegistration, { socket: socket(), ...options });

/** The fields of an entry, read as https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ says. */
function parseEntry(entry: Buffer): Record<string, Buffer> {
  const fields: Record<string, Buffer> = {};
  for (let at = 0; at < entry.length; ) {
    const end = entry.indexOf('\n', at);
    const equals = entry.subarray(at, end).indexOf('=');
    if (equals !== -1) {
      fields[entry.toString('latin1', at, at + equals)] = entry.subarray(at + equals + 1, end);
      at = end + 1;
      continue;
    }
    const length = Number(entry.readBigUInt64LE(end + 1));
    fields[entry.toString('latin1', at, end)] = entry.subarray(end + 9, end + 9 + length);
    if (entry[end + 9 + length] !== 0x0a) throw new Error('a field does not end with a line feed');
    at = end + 10 + length;
  }
  return fields;
}

const texts = (entry: Buffer) =>
  Object.fromEntries(Object.entries(parseEntry(entry)).map(([name, value]) => [name, value.toString()]));

it('sends an entry for each record, with fields to search by', async () => {
  receiver = await DatagramReceiver.listen(socket());
  const sink = await make();
  const records = [
    record(
      { line: 'two\nlines', channel: 'stderr', level: '', sequence: 41n, timestamp: 1_700_000_000_123n, dropped: 2n },
      web,
    ),
    record(
      { line: '\ufffd', channel: 'stdout', level: '', partial: true, lineBytes: Buffer.from([0xff, 0, 0x0a]) },
      web,
    ),
    record({ line: 'Slow', channel: 'api', level: 'warn', fieldsJson: '{"ms":12}' }),
  ];
  await sink.write(callContext(), { records });
  await expect.poll(() => receiver?.datagrams.length).toBe(3);
  const [first, second, third] = receiver.datagrams.map(texts);
  expect(first).toEqual({
    MESSAGE: 'two\nlines',
    PRIORITY: '3',
    SYSLOG_IDENTIFIER: 'web',
    AURAE_WORKLOAD: 'web',
    AURAE_KIND: 'executable',
    AURAE_CHANNEL: 'stderr',
    AURAE_SEQUENCE: '41',
    AURAE_DROPPED: '2',
    AURAE_TIME: '2023-11-14T22:13:20.123Z',
  });
  expect(second).toMatchObject({ PRIORITY: '6', AURAE_PARTIAL: 'true' });
  expect(parseEntry(receiver.datagrams[1] ?? Buffer.alloc(0))['MESSAGE']).toEqual(Buffer.from([0xff, 0, 0x0a]));
  expect(third).toMatchObject({
    MESSAGE: 'Slow',
    PRIORITY: '4',
    SYSLOG_IDENTIFIER: 'auraed',
    AURAE_LEVEL: 'warn',
    AURAE_FIELDS: '{"ms":12}',
  });
});

it('cuts what is too long, also where the kernel takes less than is allowed', async () => {
  receiver = await DatagramReceiver.listen(socket());
  const sink = await make({ max_entry_bytes: 1024 * 1024 });
  const line = 'é'.repeat(400_000);
  const records = [
    record({ line }, web),
    record({ line: 'short' }, web),
    record({ line, lineBytes: Buffer.alloc(900_000, 0xff) }),
  ];
  await sink.write(callContext(), { records });
  await expect.poll(() => receiver?.datagrams.length).toBe(3);
  const messages = receiver.datagrams.map((entry) => texts(entry)['MESSAGE']);
  expect(messages[0]).toMatch(/^é{20000,}… \(cut: the line has 800000 bytes\)$/);
  expect(messages[1]).toBe('short');
  expect(messages[2]).toMatch(/^\ufffd{20000,}… \(cut: the line has 900000 bytes\)$/);
});

it('without a journal it says so, and works as soon as there is one', async () => {
  const sink = await make();
  const health = async () => (await sink.describe(callContext(), {})).health;
  expect(await health()).toMatchObject({
    state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
    reason: `There is no journal here: "${socket()}" does not exist`,
    remedy: expect.stringContaining('systemd-journald'),
  });
  await expect(sink.write(callContext(), { records: numbered(1, 1) })).rejects.toThrow(UnavailableError);
  receiver = await DatagramReceiver.listen(socket());
  await sink.write(callContext(), { records: numbered(1, 600) });
  expect(await health()).toMatchObject({ state: meta.HealthState.HEALTH_STATE_SERVING });
  await receiver[Symbol.asyncDispose]();
  await expect(sink.write(callContext(), { records: numbered(601, 1) })).rejects.toThrow(/ECONNREFUSED/);
  receiver = await DatagramReceiver.listen(socket());
  await sink.write(callContext(), { records: numbered(601, 1) });
  await sink.flush(callContext(), {});
  await expect.poll(() => receiver?.datagrams.map((entry) => texts(entry)['MESSAGE'])).toEqual(['601']);
});

it('a journal that began anew is reached without a failed write', async () => {
  receiver = await DatagramReceiver.listen(socket());
  const sink = await make();
  await sink.write(callContext(), { records: numbered(1, 1) });
  await receiver[Symbol.asyncDispose]();
  receiver = await DatagramReceiver.listen(socket());
  await sink.write(callContext(), { records: numbered(2, 1) });
  await expect.poll(() => receiver?.datagrams.length).toBe(1);
});

it('any record comes back from its entry, within the limit', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 60 });
  const anyItem = fc.record({
    line: fc.oneof(
      anyText,
      fc.tuple(anyText, fc.nat(100)).map(([text, times]) => text.repeat(times)),
    ),
    lineBytes: fc.uint8Array({ maxLength: 4000 }).map((bytes) => Buffer.from(bytes)),
    channel: anyText,
    level: anyText,
    sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fieldsJson: fc.oneof(fc.constant(''), fc.string({ maxLength: 3000 })),
  });
  fc.assert(
    fc.property(anyItem, fc.integer({ min: 2048, max: 6000 }), (item, limit) => {
      const entry = journalEntry(record(item), limit);
      expect(entry.length).toBeLessThanOrEqual(limit);
      const fields = parseEntry(entry);
      const whole = item.lineBytes.length > 0 ? item.lineBytes : Buffer.from(item.line);
      const message = fields['MESSAGE'] ?? Buffer.alloc(0);
      if (!message.equals(whole)) {
        expect(message.toString()).toContain(`… (cut: the line has ${whole.length} bytes)`);
        expect(entry.length).toBeGreaterThan(limit - 80);
      }
      expect(fields['AURAE_SEQUENCE']?.toString()).toBe(`${item.sequence}`);
      expect((fields['AURAE_CHANNEL'] ?? Buffer.alloc(0)).equals(Buffer.from(item.channel))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it.each([
  [{ socket: 'run/socket' }, 'socket: an absolute path'],
  [{ socket: `/${'x'.repeat(107)}` }, 'socket: a path of at most 107 bytes'],
  [{ max_entry_bytes: 1 }, 'max_entry_bytes'],
  [{ identifier: 'x' }, 'identifier'],
])('refuses %o', async (given, expected) => {
  expect((await optionFaults(journaldLogSinkRegistration, given)).join('\n')).toContain(expected);
});
