import fc from 'fast-check';
import type { LogBatch, LogItem } from '../../src/gen/observe.js';

/** UTF-16 as it comes, halves of surrogate pairs included. */
const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map(fromUnits);
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 200 });
/** Around the lengths at which the length of a length changes, in one, two and three bytes a character. */
const boundaryText = fc
  .tuple(fc.constantFrom(40, 60, 127, 128, 500, 511, 512, 16_383, 16_384), fc.integer({ min: -30, max: 3 }))
  .chain(([length, more]) => fc.constantFrom('a', 'é', '字', '\u{1f600}').map((unit) => unit.repeat(length + more)));
export const text = fc.oneof({ weight: 4, arbitrary: ascii }, anyUnits, fc.string({ unit: 'binary' }), boundaryText);
const uint64 = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 1n), boundaryNumber(0n, 2n ** 64n - 1n));
const int64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), boundaryNumber(-(2n ** 63n), 2n ** 63n - 1n));

const item: fc.Arbitrary<LogItem> = fc.record({
  channel: fc.oneof({ weight: 4, arbitrary: fc.constantFrom('stdout', 'stderr', '') }, text),
  line: text,
  timestamp: fc.oneof(fc.constant(1_764_000_000_000n), int64),
  sequence: uint64,
  dropped: fc.oneof(fc.constant(0n), uint64),
  level: fc.oneof(fc.constantFrom('', 'info'), text),
  fieldsJson: fc.oneof(fc.constantFrom('', '{"a":1}'), text),
  partial: fc.boolean(),
  lineBytes: fc.oneof(fc.constant(Buffer.alloc(0)), fc.uint8Array({ maxLength: 200 }).map(Buffer.from)),
});
export const batch: fc.Arbitrary<LogBatch> = fc.record({ items: fc.array(item, { maxLength: 12 }), logId: text });

function fromUnits(units: readonly number[]): string {
  return String.fromCharCode(...units);
}

/** Around the powers of two at which a number takes a byte more. */
function boundaryNumber(minimum: bigint, maximum: bigint): fc.Arbitrary<bigint> {
  return fc
    .tuple(fc.constantFrom(7n, 14n, 28n, 31n, 32n, 35n, 42n, 49n, 53n, 56n, 63n), fc.bigInt(-2n, 2n), fc.boolean())
    .map(([power, more, negative]) => (negative ? -1n : 1n) * 2n ** power + more)
    .map((value) => (value < minimum ? minimum : value > maximum ? maximum : value));
}
