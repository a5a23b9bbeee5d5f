/** Types of frames, as in native/shim/README.md. */
export const FrameType = {
  requestState: 1,
  watch: 2,
  stdin: 3,
  stdinEnd: 4,
  resize: 5,
  signal: 6,
  stop: 7,
  state: 16,
  stdout: 17,
  stderr: 18,
  lost: 19,
  ended: 20,
  error: 21,
} as const;

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

const headerBytes = 8;
export const mostPayloadBytes = 64 * 1024;

const nothing = Buffer.alloc(0);

export function encodeFrame(type: number, payload: Uint8Array = nothing): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32LE(type, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.set(payload, headerBytes);
  return frame;
}

/** Bytes of any length as frames that the shim accepts. */
export function encodeChunks(type: number, bytes: Uint8Array): Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += mostPayloadBytes) {
    frames.push(encodeFrame(type, bytes.subarray(start, start + mostPayloadBytes)));
  }
  return frames;
}

export function encodeWords(type: number, ...words: number[]): Buffer {
  const payload = Buffer.allocUnsafe(words.length * 4);
  words.forEach((word, index) => payload.writeUInt32LE(word, index * 4));
  return encodeFrame(type, payload);
}

export function encodeResize(rows: number, columns: number): Buffer {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt16LE(Math.min(rows, 0xffff), 0);
  payload.writeUInt16LE(Math.min(columns, 0xffff), 2);
  return encodeFrame(FrameType.resize, payload);
}

/** Puts together the frames that a stream brings in pieces of any size. Keeps at most one frame. */
export class FrameDecoder {
  private rest: Buffer = nothing;

  /** The frames that are whole now. Throws when what comes cannot be a frame. */
  push(chunk: Buffer): Frame[] {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Frame[] = [];
    while (bytes.length >= headerBytes) {
      const type = bytes.readUInt32LE(0);
      const length = bytes.readUInt32LE(4);
      if (length > mostPayloadBytes || type > 0xff) throw new Error(`a frame of type ${type} and ${length} bytes`);
      if (bytes.length < headerBytes + length) break;
      frames.push({ type, payload: bytes.subarray(headerBytes, headerBytes + length) });
      bytes = bytes.subarray(headerBytes + length);
    }
    // A copy of its own, so that the rest of a large chunk is not kept in memory for it.
    this.rest = bytes.length === 0 ? nothing : Buffer.from(bytes);
    return frames;
  }
}
