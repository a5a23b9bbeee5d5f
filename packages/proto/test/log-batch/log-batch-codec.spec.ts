import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// Not the package's index, with which the generated codec would be the one that is tested.
import { LogBatch, LogItem } from '../../src/gen/observe.js';
import { decodeLogBatch } from '../../src/log-batch/decode-log-batch.js';
import { encodeLogBatch } from '../../src/log-batch/encode-log-batch.js';
import { batch } from './any-batch.js';
import { wireBatch } from './any-wire.js';

const generated = {
  encode: (batch: LogBatch) => Buffer.from(LogBatch.encode(batch).finish()),
  decode: (bytes: Uint8Array) => LogBatch.decode(bytes),
};

describe('encodeLogBatch', () => {
  it('writes byte for byte what the generated codec writes', () => {
    fc.assert(
      fc.property(batch, (value) => {
        expect(encodeLogBatch(value).equals(generated.encode(value))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('gives a buffer of its own, whatever is written later', () => {
    const first = encodeLogBatch(LogBatch.fromPartial({ items: [{ line: 'first' }] }));
    const kept = Buffer.from(first);
    encodeLogBatch(LogBatch.fromPartial({ items: [{ line: 'second' }, { line: 'x'.repeat(100_000) }] }));
    expect(first).toEqual(kept);
  });

  it('writes lines of megabytes, and small ones after them', () => {
    for (const line of ['é'.repeat(5_000_000), 'small', 'x'.repeat(3_000_000), '']) {
      const value = LogBatch.fromPartial({ items: [{ line, lineBytes: Buffer.alloc(line.length, 0xff) }] });
      expect(encodeLogBatch(value).equals(generated.encode(value))).toBe(true);
    }
  });

  it('writes a thousand lines of which each character takes three bytes', () => {
    const items = Array.from({ length: 1000 }, () => LogItem.fromPartial({ line: '字'.repeat(400) }));
    const value = { items, logId: '' };
    expect(encodeLogBatch(value).equals(generated.encode(value))).toBe(true);
  });

  it.each([
    [{ timestamp: 2n ** 63n }, 'timestamp 9223372036854775808'],
    [{ timestamp: -(2n ** 63n) - 1n }, 'timestamp -9223372036854775809'],
    [{ sequence: -1n }, 'sequence -1'],
    [{ dropped: 2n ** 64n }, 'dropped 18446744073709551616'],
  ])('refuses %o, and goes on with the next batch', (wrong, named) => {
    const good = LogBatch.fromPartial({ items: [{ line: 'good', sequence: 7n }] });
    expect(() => encodeLogBatch({ items: [{ ...LogItem.fromPartial({}), ...wrong }], logId: '' })).toThrow(named);
    expect(encodeLogBatch(good)).toEqual(generated.encode(good));
  });
});

describe('decodeLogBatch', () => {
  it('reads what the generated codec has written', () => {
    fc.assert(
      fc.property(batch, (value) => {
        const bytes = generated.encode(value);
        expect(decodeLogBatch(bytes)).toEqual(generated.decode(bytes));
      }),
    );
  });

  it('reads fields in any order, the last of those that come twice, and passes over those that it does not know', () => {
    fc.assert(
      fc.property(wireBatch, (bytes) => {
        expect(decodeLogBatch(bytes)).toEqual(generated.decode(bytes));
      }),
      { numRuns: 150 },
    );
  });

  it('reads from any view of memory', () => {
    const bytes = generated.encode(LogBatch.fromPartial({ items: [{ line: 'view' }] }));
    const memory = new Uint8Array(bytes.length + 10);
    memory.set(bytes, 5);
    expect(decodeLogBatch(memory.subarray(5, 5 + bytes.length)).items[0]?.line).toBe('view');
  });

  it('keeps nothing of the memory that it has read', () => {
    const value = LogBatch.fromPartial({
      items: [{ channel: 'stdout', line: 'kept', lineBytes: Buffer.from('kept') }],
    });
    const bytes = generated.encode(value);
    const read = decodeLogBatch(bytes);
    bytes.fill(0xff);
    expect(read).toEqual(value);
  });

  it('throws, or reads the same as the generated codec, whatever bytes there are', () => {
    const damaged = fc
      .tuple(wireBatch, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
      .map(([bytes, changes]) => {
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        const read = outcome(() => decodeLogBatch(bytes));
        if (read !== 'threw') expect(read).toEqual(generated.decode(bytes));
      }),
      { numRuns: 400 },
    );
  });

  it('never takes a part of a batch for a whole item', () => {
    fc.assert(
      fc.property(batch, (value) => {
        const bytes = generated.encode(value);
        for (let cut = 0; cut < Math.min(bytes.length, 300); cut++) {
          const read = outcome(() => decodeLogBatch(bytes.subarray(0, cut)));
          if (read !== 'threw') expect(generated.encode(read)).toEqual(bytes.subarray(0, cut));
        }
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['a field of number 0', [0x00]],
    ['the end of a group that did not begin', [0x0c]],
    ['a group without an end', [0x1b, 0x08, 0x01]],
    ['groups in groups without end', Array.from({ length: 500 }, () => 0x1b)],
    ['a wire type that is none', [0x1f]],
    ['a number without an end', [0x18, ...Array.from({ length: 11 }, () => 0xff)]],
    ['an item that is longer than the batch', [0x0a, 0x05, 0x12]],
    ['a line that is longer than its item', [0x0a, 0x03, 0x12, 0x05, 0x61, 0x12, 0x02, 0x61, 0x61]],
    ['a number that is longer than its item', [0x0a, 0x02, 0x18, 0x80, 0x01]],
    ['eight bytes that are longer than their item', [0x0a, 0x02, 0x19, 0x12, 0x06, 1, 2, 3, 4, 5, 6]],
    ['eight bytes where there are fewer', [0x19, 1, 2, 3]],
    ['four bytes where there are fewer', [0x1d, 1]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeLogBatch(Uint8Array.from(bytes))).toThrow('Cannot read the message at byte');
  });
});

function outcome(decode: () => LogBatch): LogBatch | 'threw' {
  try {
    return decode();
  } catch {
    return 'threw';
  }
}
