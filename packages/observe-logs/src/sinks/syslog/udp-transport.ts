import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { backend } from '@aurae/proto';
import type { EncodeSyslog, SyslogTransport } from './syslog-transport.js';

/** After this time the host is looked up again: nobody would tell that it has moved. */
const lookupAgeMs = 60_000;

export interface UdpTransportOptions {
  readonly host: string;
  readonly port: number;
  readonly encode: EncodeSyslog;
  readonly limitBytes: number;
}

interface Connection {
  readonly socket: Socket;
  readonly sinceMs: number;
}

/** Syslog over UDP, RFC 5426: one message a datagram. That nobody listens is heard of only from the same network. */
export class UdpTransport implements SyslogTransport {
  private connection: Connection | undefined;
  private isDisposed = false;

  constructor(private readonly options: UdpTransportOptions) {}

  async send(records: readonly backend.LogRecord[]): Promise<void> {
    if (this.isDisposed) throw new Error('the log sink is closed');
    try {
      const socket = await this.connected();
      await sendAll(
        socket,
        records.map((record) => this.options.encode(record, this.options.limitBytes)),
      );
    } catch (error) {
      this.disconnect();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    this.disconnect();
  }

  private async connected(): Promise<Socket> {
    const { connection } = this;
    if (connection && performance.now() - connection.sinceMs < lookupAgeMs) return connection.socket;
    this.disconnect();
    const { address, family } = await lookup(this.options.host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    this.connection = { socket, sinceMs: performance.now() };
    if (this.isDisposed) throw new Error('the log sink is closed');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(this.options.port, address, () => resolve());
    });
    socket.removeAllListeners('error');
    // The server's host says that nobody listens: the next datagram fails with that.
    socket.on('error', () => {});
    socket.unref();
    return socket;
  }

  private disconnect(): void {
    this.connection?.socket.close();
    this.connection = undefined;
  }
}

/** Resolves when the kernel has all of them, rejects with the first error. */
async function sendAll(socket: Socket, messages: readonly string[]): Promise<void> {
  await Promise.all(
    messages.map(
      (message) =>
        new Promise<void>((resolve, reject) => {
          socket.send(message, (error) => (error ? reject(error) : resolve()));
        }),
    ),
  );
}
