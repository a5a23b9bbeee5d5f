const groupStart = 3;
const groupEnd = 4;
/** Seven bytes of a varint make 49 bits, which a number holds exactly. */
const numberBytes = 7;
const longestVarintBytes = 10;
const deepestGroup = 100;

/**
 * Reads protobuf's wire format from a message that is there as a whole, without an object for each message inside. Whatever
 * it reads must end before `end`.
 * See https://protobuf.dev/programming-guides/encoding.
 */
export class WireReader {
  /** Where the next byte is. */
  at = 0;
  private readonly bytes: Buffer;
  // Of the recurring values that were read last, what is on the wire, and what was made of it.
  private textStart = 0;
  private textBytes = -1;
  private lastText = '';
  private lastNumber = 0;
  private lastBigint = 0n;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Number and wire type of the field that comes next. */
  tag(end: number): number {
    const { bytes, at } = this;
    const first = bytes[at] ?? 0;
    if (at < end && first > 7 && first < 128) {
      this.at = at + 1;
      return first;
    }
    const tag = this.varint(end);
    // Field numbers go from 1 to 2^29 - 1.
    if (tag < 8 || tag > 0xffff_ffff) throw malformed(at, 'no field begins there');
    return tag;
  }

  /** Where the field ends that begins with its length. */
  limit(end: number): number {
    const start = this.at;
    let length = this.varint(end);
    if (length < 0) length = Number(BigInt.asUintN(32, this.bigVarint(end)));
    if (length > end - this.at) throw malformed(start, 'a field is longer than what it is in');
    return this.at + length;
  }

  /** What is not UTF-8 becomes U+FFFD. */
  text(end: number): string {
    const limit = this.limit(end);
    const text = this.bytes.toString('utf8', this.at, limit);
    this.at = limit;
    return text;
  }

  /** A short text that is mostly the same as before: then that very one is given again. */
  recurringText(end: number): string {
    const limit = this.limit(end);
    if (!this.isLastText(limit)) {
      this.lastText = this.bytes.toString('utf8', this.at, limit);
      this.textStart = this.at;
      this.textBytes = limit - this.at;
    }
    this.at = limit;
    return this.lastText;
  }

  /** A copy. */
  copiedBytes(end: number): Buffer {
    const limit = this.limit(end);
    const bytes = Buffer.from(this.bytes.subarray(this.at, limit));
    this.at = limit;
    return bytes;
  }

  flag(end: number): boolean {
    const value = this.varint(end);
    return value < 0 ? this.bigVarint(end) !== 0n : value !== 0;
  }

  unsigned(end: number): bigint {
    const value = this.varint(end);
    return value < 0 ? BigInt.asUintN(64, this.bigVarint(end)) : BigInt(value);
  }

  /** One that is mostly the same as before: then that very one is given again. */
  recurringSigned(end: number): bigint {
    const value = this.varint(end);
    if (value < 0) return BigInt.asIntN(64, this.bigVarint(end));
    if (value !== this.lastNumber) {
      this.lastNumber = value;
      this.lastBigint = BigInt(value);
    }
    return this.lastBigint;
  }

  /** Goes on after a field that nobody knows. */
  skip(tag: number, end: number, depth = 0): void {
    const start = this.at;
    switch (tag & 7) {
      case 0:
        if (this.varint(end) < 0) this.bigVarint(end);
        return;
      case 1:
        this.at += 8;
        break;
      case 2:
        this.at = this.limit(end);
        return;
      case groupStart:
        this.skipGroup(tag, end, depth);
        return;
      case 5:
        this.at += 4;
        break;
      default:
        throw malformed(start, `there is no field of wire type ${tag & 7} here`);
    }
    if (this.at > end) throw malformed(start, 'a field is longer than what it is in');
  }

  private skipGroup(tag: number, end: number, depth: number): void {
    if (depth >= deepestGroup) throw malformed(this.at, `groups are nested more than ${deepestGroup} deep`);
    const endTag = tag - groupStart + groupEnd;
    for (let inner = this.tag(end); inner !== endTag; inner = this.tag(end)) this.skip(inner, end, depth + 1);
  }

  private isLastText(limit: number): boolean {
    const { bytes, at, textStart, textBytes } = this;
    if (limit - at !== textBytes) return false;
    for (let index = 0; index < textBytes; index++) {
      if (bytes[at + index] !== bytes[textStart + index]) return false;
    }
    return true;
  }

  /** -1, and nothing is read, when it is longer than a number can be sure of. */
  private varint(end: number): number {
    const { bytes, at } = this;
    const last = Math.min(end, at + numberBytes);
    let value = 0;
    let scale = 1;
    for (let index = at; index < last; index++) {
      const byte = bytes[index] as number;
      value += (byte & 127) * scale;
      if (byte < 128) {
        this.at = index + 1;
        return value;
      }
      scale *= 128;
    }
    return -1;
  }

  private bigVarint(end: number): bigint {
    const start = this.at;
    const last = Math.min(end, start + longestVarintBytes);
    let value = 0n;
    for (let shift = 0n; this.at < last; shift += 7n) {
      const byte = this.bytes[this.at++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw malformed(start, 'a number has no end');
  }
}

function malformed(at: number, reason: string): Error {
  return new Error(`Cannot read the message at byte ${at}: ${reason}`);
}
