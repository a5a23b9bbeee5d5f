import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export const frameType = {
  state: 1,
  watch: 2,
  stdin: 3,
  stdinEnd: 4,
  resize: 5,
  signal: 6,
  stop: 7,
  stateIs: 16,
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

export function frame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(type, 0);
  header.writeUInt32LE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** A payload of 32 bit numbers. */
export function numbers(...values: readonly number[]): Buffer {
  const payload = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    payload.writeUInt32LE(value, index * 4);
  });
  return payload;
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let pending = Buffer.alloc(0);
  for (;;) {
    while (pending.length >= 8 && pending.length >= 8 + pending.readUInt32LE(4)) {
      const end = 8 + pending.readUInt32LE(4);
      yield { type: pending.readUInt8(0), payload: pending.subarray(8, end) };
      pending = pending.subarray(end);
    }
    const { done, value } = await chunks.next();
    if (done) return;
    pending = Buffer.concat([pending, value]);
  }
}

/** A client of the shim's socket, written from its README and from nothing else. */
export class ShimConnection {
  readonly #frames: AsyncGenerator<Frame>;

  private constructor(readonly socket: Socket) {
    this.#frames = framesOf(socket);
  }

  static async open(path: string): Promise<ShimConnection> {
    const socket = connect(path);
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return new ShimConnection(socket);
  }

  send(type: number, payload?: Uint8Array): void {
    this.socket.write(frame(type, payload));
  }

  /** Undefined at the end of the connection. */
  async next(): Promise<Frame | undefined> {
    const { done, value } = await this.#frames.next();
    return done ? undefined : value;
  }

  /** Watches from the moment that this resolves: the state is answered after the watch has begun. */
  async watch(): Promise<void> {
    this.send(frameType.watch);
    this.send(frameType.state);
    for (let next = await this.next(); next && next.type !== frameType.stateIs; ) next = await this.next();
  }

  async rest(): Promise<readonly Frame[]> {
    const frames: Frame[] = [];
    for (let next = await this.next(); next; next = await this.next()) frames.push(next);
    return frames;
  }

  /** Reads output until it holds the text. */
  async until(text: string): Promise<string> {
    let seen = '';
    while (!seen.includes(text)) {
      const next = await this.next();
      if (!next) throw new Error(`the connection ended before ${JSON.stringify(text)}: ${JSON.stringify(seen)}`);
      if (next.type === frameType.stdout) seen += next.payload.toString('latin1');
    }
    return seen;
  }
}

export function bytesOf(frames: readonly Frame[], type: number): Buffer {
  return Buffer.concat(frames.filter((each) => each.type === type).map((each) => each.payload));
}
