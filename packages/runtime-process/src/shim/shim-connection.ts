import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { deferred } from '../deferred.js';
import { encodeFrame, encodeResize, encodeWords, type Frame, FrameDecoder, FrameType } from './frames.js';
import { parseShimExit, parseShimState, type ShimExit, type ShimState } from './shim-state.js';

/** Whom a signal is for. */
export type SignalTarget = 'main' | 'all';

/** Rejects when nobody listens there. */
export async function connectToShim(path: string, signal?: AbortSignal): Promise<Socket> {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect', signal ? { signal } : {});
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * The daemon's own line to a shim: it brings every change of state and the end, and takes signals and stops, which
 * so never queue behind input for the workload.
 */
export class ShimConnection {
  /** The exit, once the shim has told it; undefined when the connection ended without one. */
  readonly ended: Promise<ShimExit | undefined>;
  private readonly decoder = new FrameDecoder();
  private readonly end = deferred<ShimExit | undefined>();
  private exit: ShimExit | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly onState: (state: ShimState) => void,
  ) {
    this.ended = this.end.promise;
    socket.on('data', (chunk) => this.take(chunk));
    // 'close' follows, and tells all that there is to tell.
    socket.on('error', () => undefined);
    socket.on('close', () => this.end.resolve(this.exit));
    socket.write(encodeFrame(FrameType.requestState));
  }

  /** Rejects when nobody listens there. `onState` comes at once, and at every change. */
  static async open(path: string, onState: (state: ShimState) => void, signal?: AbortSignal): Promise<ShimConnection> {
    return new ShimConnection(await connectToShim(path, signal), onState);
  }

  signal(number: number, target: SignalTarget): void {
    this.socket.write(encodeWords(FrameType.signal, number, target === 'main' ? 0 : 1));
  }

  resize(rows: number, columns: number): void {
    this.socket.write(encodeResize(rows, columns));
  }

  /** Begins the stop ladder, or shortens its grace period. */
  stop(signal: number, graceMs: number): void {
    this.socket.write(encodeWords(FrameType.stop, signal, graceMs));
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    try {
      for (const frame of this.decoder.push(chunk)) this.handle(frame);
    } catch {
      // No shim of this protocol: what its files say decides.
      this.socket.destroy();
    }
  }

  private handle({ type, payload }: Frame): void {
    if (type === FrameType.state) {
      this.onState(parseShimState(payload.toString('utf8')));
    } else if (type === FrameType.ended) {
      this.exit = parseShimExit(payload.toString('utf8'));
    }
  }
}
