import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { backend } from '@aurae/proto';
import type { EncodeSyslog, SyslogTransport } from './syslog-transport.js';

const connectTimeoutMs = 10_000;
/** How long a server may take nothing at all before the connection is given up. */
const stuckMs = 60_000;
const keepAliveMs = 30_000;

export interface StreamTransportOptions {
  readonly to: NetConnectOpts;
  readonly encode: EncodeSyslog;
  readonly limitBytes: number;
  /** RFC 6587: `octet-counting` writes the length before each message, `newline` a line feed after it. */
  readonly framing: 'octet-counting' | 'newline';
}

/** Syslog over TCP, or over a stream socket of the host. */
export class StreamTransport implements SyslogTransport {
  private readonly ending = new AbortController();
  private socket: Socket | undefined;

  constructor(private readonly options: StreamTransportOptions) {}

  async send(records: readonly backend.LogRecord[]): Promise<void> {
    const socket = await this.connected();
    const { encode, limitBytes } = this.options;
    let text = '';
    for (const record of records) text += this.frame(encode(record, limitBytes));
    await writeAll(socket, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort();
    const { socket } = this;
    if (!socket || socket.destroyed) return;
    const closed = once(socket, 'close');
    // What the kernel has taken is still sent.
    if (socket.writableLength > 0) socket.destroy();
    else socket.destroySoon();
    await closed;
  }

  /** Connects, unless a connection is there; throws what connect(2) does. */
  async connected(): Promise<Socket> {
    if (this.ending.signal.aborted) throw new Error('the log sink is closed');
    if (this.socket?.writable) return this.socket;
    const socket = connect(this.options.to);
    const signal = AbortSignal.any([this.ending.signal, AbortSignal.timeout(connectTimeoutMs)]);
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      throw signal.aborted ? new Error(`no connection within ${connectTimeoutMs / 1000} s`) : error;
    }
    this.socket = watched(socket);
    return socket;
  }

  private frame(message: string): string {
    if (this.options.framing === 'newline') return `${message}\n`;
    return `${Buffer.byteLength(message)} ${message}`;
  }
}

/** Syslog servers say nothing; what one says all the same is read, so that its end is noticed. */
function watched(socket: Socket): Socket {
  socket.setKeepAlive(true, keepAliveMs);
  socket.setTimeout(stuckMs, () => {
    if (socket.writableLength > 0) socket.destroy(new Error(`the server took nothing for ${stuckMs / 1000} s`));
  });
  // Told to whoever writes.
  socket.on('error', () => {});
  socket.resume();
  // A connection that nobody writes to is no reason for the process to stay.
  socket.unref();
  return socket;
}

/** Resolves when the kernel has it. */
async function writeAll(socket: Socket, text: string): Promise<void> {
  socket.ref();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.write(text, (error) => {
        // Node takes what a destroyed socket was still writing for written.
        if (error || socket.destroyed) reject(error ?? new Error('the connection was closed'));
        else resolve();
      });
    });
  } finally {
    socket.unref();
  }
}
