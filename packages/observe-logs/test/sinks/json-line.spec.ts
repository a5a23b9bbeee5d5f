import { meta } from '@aurae/proto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonLine } from '../../src/lines/json-line.js';
import { record } from '../fixtures/records.js';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyItem = fc.record({
  line: anyText,
  channel: anyText,
  level: anyText,
  timestamp: fc.bigInt({ min: -8_640_000_000_000_000n, max: 8_640_000_000_000_000n }),
  sequence: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  dropped: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  fieldsJson: fc.oneof(
    fc.constant(''),
    fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  ),
  partial: fc.boolean(),
  lineBytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
});
const anyWorkload = fc.option(fc.record({ kind: fc.constantFrom(1, 2, 3), name: anyText }), { nil: undefined });
const kinds = ['', 'executable', 'container', 'instance'];

/** What stands in JSON can be read again, but for the sign of a zero. */
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

it('a line parses back to the record, whatever is in it', () => {
  fc.assert(
    fc.property(anyItem, anyWorkload, (item, workload) => {
      const json = jsonLine(record(item, workload));
      // Nothing that starts another line, or drives a terminal.
      expect(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/.test(json)).toBe(false);
      expect(JSON.parse(json)).toEqual(
        asJson({
          time: new Date(Number(item.timestamp)).toISOString(),
          level: item.level || undefined,
          message: item.line,
          channel: item.channel || undefined,
          sequence: Number(item.sequence) || undefined,
          dropped: Number(item.dropped) || undefined,
          workload: workload && { kind: kinds[workload.kind], name: workload.name },
          partial: item.partial || undefined,
          bytes: item.lineBytes.length > 0 ? item.lineBytes.toString('base64') : undefined,
          fields: item.fieldsJson === '' ? undefined : { ...(JSON.parse(item.fieldsJson) as object) },
        }),
      );
    }),
    { numRuns: 500 },
  );
});

it('the same workload and time are written again after others', () => {
  const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: 'web' };
  const first = jsonLine(record({ timestamp: 5n, line: 'a' }, web));
  jsonLine(record({ timestamp: 6n, line: 'b' }, { ...web, name: 'db' }));
  expect(jsonLine(record({ timestamp: 5n, line: 'a' }, web))).toBe(first);
});
