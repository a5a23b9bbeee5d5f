/** One tag-length-value of DER (X.690), as views into the buffer that holds it. */
export interface DerElement {
  readonly tag: number;
  readonly content: Buffer;
}

/** The elements that lie one after the other in `content`. Throws a RangeError on anything that is not DER. */
export function readDerElements(content: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  let offset = 0;
  while (offset < content.length) {
    const { tag, start, end } = readHeader(content, offset);
    elements.push({ tag, content: content.subarray(start, end) });
    offset = end;
  }
  return elements;
}

function readHeader(buffer: Buffer, offset: number): { tag: number; start: number; end: number } {
  const tag = buffer.readUInt8(offset);
  // Nothing in a certificate needs the multi-byte form of a tag.
  if ((tag & 0x1f) === 0x1f) throw new RangeError(`Cannot read the DER element at byte ${offset}: unknown tag`);
  const first = buffer.readUInt8(offset + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  // 0x80, the indefinite length, is BER only.
  if (first === 0x80 || lengthBytes > 4) {
    throw new RangeError(`Cannot read the DER element at byte ${offset}: its length is not in the definite form`);
  }
  const start = offset + 2 + lengthBytes;
  const end = start + (lengthBytes === 0 ? first : buffer.readUIntBE(offset + 2, lengthBytes));
  if (end > buffer.length) throw new RangeError(`Cannot read the DER element at byte ${offset}: it is cut short`);
  return { tag, start, end };
}
