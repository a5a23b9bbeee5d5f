const largestUint64 = 0xffff_ffff_ffff_ffffn;
const largestInt64 = 0x7fff_ffff_ffff_ffffn;

/** A buffer of that size serves one message after the other; what is larger is let go again. */
const keptBytes = 1024 * 1024;
/** From this length on, the bytes of a text are counted rather than assumed to be the most that they can be. */
const countedLength = 512;

/**
 * Writes protobuf's wire format into one buffer, without an object or a copy for each message inside. Lengths stand before
 * what they count: they are guessed from the message before, and what was written is moved where the guess was wrong.
 * See https://protobuf.dev/programming-guides/encoding.
 */
export class WireWriter {
  private kept: Buffer = Buffer.alloc(0);
  private buffer: Buffer = this.kept;
  private at = 0;
  /** Bytes of the message that was closed last beside its main text. */
  private overhead = 0;
  // The recurring text that was written last, and what was written.
  private lastText = '';
  private lastTextBytes: Buffer = Buffer.alloc(0);

  /** At most so many bytes of UTF-8. */
  static textBound(text: string): number {
    return text.length < countedLength ? text.length * 3 : Buffer.byteLength(text);
  }

  /** Begins anew. `boundBytes`: the most that is written until `finish`. */
  begin(boundBytes: number): void {
    this.at = 0;
    this.buffer = this.kept;
    if (boundBytes <= this.kept.length) return;
    this.buffer = Buffer.allocUnsafeSlow(Math.max(boundBytes, keptBytes));
    if (boundBytes <= keptBytes) this.kept = this.buffer;
  }

  /** A copy of what was written since `begin`. */
  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.at);
    this.buffer.copy(message, 0, 0, this.at);
    this.buffer = this.kept;
    return message;
  }

  /** Begins a message inside, whose main text has so many characters. The result is for `close`. */
  open(tag: number, textLength: number): number {
    const start = this.at + 1;
    this.buffer[this.at] = tag;
    this.at = start + varintBytes(textLength + this.overhead);
    return start;
  }

  close(start: number, textLength: number): void {
    const guessed = varintBytes(textLength + this.overhead);
    const length = this.at - start - guessed;
    this.overhead = Math.max(0, length - textLength);
    this.putLength(start, guessed, length);
  }

  text(tag: number, text: string): void {
    this.tag(tag);
    const start = this.at;
    const guessed = varintBytes(text.length);
    const length = this.buffer.write(text, start + guessed);
    this.at = start + guessed + length;
    this.putLength(start, guessed, length);
  }

  /** A short text that is mostly the same as before. Only for one tag. */
  recurringText(tag: number, text: string): void {
    if (text !== this.lastText) {
      const start = this.at;
      this.text(tag, text);
      this.lastText = text;
      this.lastTextBytes = Buffer.from(this.buffer.subarray(start, this.at));
      return;
    }
    const { buffer, lastTextBytes } = this;
    let { at } = this;
    // A call of copy() costs more than a few bytes.
    for (let index = 0; index < lastTextBytes.length; index++) buffer[at++] = lastTextBytes[index] as number;
    this.at = at;
  }

  bytes(tag: number, bytes: Uint8Array): void {
    this.tag(tag);
    this.varint(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  flag(tag: number): void {
    this.tag(tag);
    this.buffer[this.at++] = 1;
  }

  /** @throws Error when it is no uint64 */
  unsigned(tag: number, value: bigint, name: string): void {
    this.tag(tag);
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) this.varint(number);
    else if (value >= 0n && value <= largestUint64) this.bigVarint(value);
    else throw new Error(`Cannot write ${name} ${value}: it is not from 0 to 2^64 - 1`);
  }

  /** @throws Error when it is no int64 */
  signed(tag: number, value: bigint, name: string): void {
    this.tag(tag);
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) this.varint(number);
    else if (value >= -largestInt64 - 1n && value <= largestInt64) this.bigVarint(BigInt.asUintN(64, value));
    else throw new Error(`Cannot write ${name} ${value}: it is not from -2^63 to 2^63 - 1`);
  }

  /** Of at most two bytes, as one number: 128 is 0x80 0x01, as every varint. */
  private tag(tag: number): void {
    const { buffer } = this;
    if (tag < 128) {
      buffer[this.at++] = tag;
      return;
    }
    buffer[this.at++] = (tag & 127) | 128;
    buffer[this.at++] = tag >>> 7;
  }

  /** From 0 to the largest safe integer. */
  private varint(value: number): void {
    const { buffer } = this;
    let { at } = this;
    let low = value >>> 0;
    // What does not fit into 32 bits is shifted in from above.
    for (let high = value > 0xffff_ffff ? (value - low) / 0x1_0000_0000 : 0; high > 0; high >>>= 7) {
      buffer[at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
    }
    for (; low > 127; low >>>= 7) buffer[at++] = (low & 127) | 128;
    buffer[at++] = low;
    this.at = at;
  }

  private bigVarint(value: bigint): void {
    let rest = value;
    for (; rest > 127n; rest >>= 7n) this.buffer[this.at++] = Number(rest & 127n) | 128;
    this.buffer[this.at++] = Number(rest);
  }

  /** Puts a length where room was left for it. */
  private putLength(start: number, guessed: number, length: number): void {
    const needed = varintBytes(length);
    const end = start + guessed + length;
    if (needed !== guessed) this.buffer.copyWithin(start + needed, start + guessed, end);
    this.at = start;
    this.varint(length);
    this.at = start + needed + length;
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
