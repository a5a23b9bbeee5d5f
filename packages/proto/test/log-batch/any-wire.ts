import fc from 'fast-check';
import { text } from './any-batch.js';

type Field = readonly number[];

const unknownField: fc.Arbitrary<Field> = fc
  .tuple(fc.constantFrom(5, 15, 22, 40, 5_000, 2 ** 29 - 1), fc.nat(3), fc.uint8Array({ minLength: 8, maxLength: 8 }))
  .map(([number, kind, bytes]) => {
    if (kind === 0) return [...tag(number, 0), ...varint(BigInt(bytes[0] ?? 0) << 30n)];
    if (kind === 1) return [...tag(number, 1), ...bytes];
    if (kind === 2) return lengthDelimited(number, bytes);
    // A group with a field and a group in it, and four bytes after it.
    return [
      ...tag(number, 3),
      ...lengthDelimited(7, bytes),
      0x4b,
      0x08,
      0x01,
      0x4c,
      ...tag(number, 4),
      ...tag(5, 5),
      1,
      2,
      3,
      4,
    ];
  });

const itemField: fc.Arbitrary<Field> = fc.oneof(
  text.map((value) => lengthDelimited(1, Buffer.from(value))),
  text.map((value) => lengthDelimited(2, Buffer.from(value))),
  fc
    .tuple(fc.constantFrom(3, 16, 17, 20), fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(3))
    .map(([number, value, padding]) => [...tag(number, 0), ...varint(value, padding)]),
  // Bytes that are no UTF-8, too.
  fc
    .tuple(fc.constantFrom(1, 2, 18, 19, 21), fc.uint8Array({ maxLength: 20 }))
    .map(([number, value]) => lengthDelimited(number, value)),
);

/** Batches as other writers may make them: fields in any order, repeated and unknown, numbers longer than need be. */
export const wireBatch: fc.Arbitrary<Uint8Array<ArrayBuffer>> = messageOf(
  fc.oneof(
    { weight: 6, arbitrary: messageOf(itemField).map((message) => lengthDelimited(1, message)) },
    { weight: 1, arbitrary: text.map((value) => lengthDelimited(2, Buffer.from(value))) },
  ),
).map((bytes) => Uint8Array.from(bytes));

function messageOf(known: fc.Arbitrary<Field>): fc.Arbitrary<Field> {
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: unknownField }), { maxLength: 8 })
    .map((fields) => fields.flat());
}

function tag(number: number, type: number): Field {
  return varint((BigInt(number) << 3n) | BigInt(type));
}

function lengthDelimited(number: number, bytes: ArrayLike<number>): Field {
  return [...tag(number, 2), ...varint(BigInt(bytes.length)), ...Array.from(bytes)];
}

/** `padding`: bytes more than need be; ten is the most that there may be. */
function varint(value: bigint, padding = 0): Field {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0n; rest >>= 7n) bytes.push(Number(rest & 127n));
  for (let more = Math.min(padding, 10 - bytes.length); more > 0; more--) bytes.push(0);
  return bytes.map((byte, index) => (index < bytes.length - 1 ? byte | 128 : byte));
}
