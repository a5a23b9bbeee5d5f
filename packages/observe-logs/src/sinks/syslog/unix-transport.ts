import type { backend } from '@aurae/proto';
import { DatagramSender } from '../unix/datagram-sender.js';
import { StreamTransport, type StreamTransportOptions } from './stream-transport.js';
import type { SyslogTransport } from './syslog-transport.js';

export interface UnixTransportOptions extends Omit<StreamTransportOptions, 'to'> {
  readonly path: string;
}

/** Syslog to a socket of the host, which is of datagrams nearly everywhere, and of a stream somewhere. */
export class UnixTransport implements SyslogTransport {
  private transport: SyslogTransport | undefined;
  private isDisposed = false;

  constructor(private readonly options: UnixTransportOptions) {}

  async send(records: readonly backend.LogRecord[]): Promise<void> {
    if (this.isDisposed) throw new Error('the log sink is closed');
    this.transport ??= await this.choose();
    try {
      await this.transport.send(records);
    } catch (error) {
      // What comes back may be of the other kind.
      await this.transport[Symbol.asyncDispose]();
      this.transport = undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    await this.transport?.[Symbol.asyncDispose]();
  }

  private async choose(): Promise<SyslogTransport> {
    const { path, encode, limitBytes } = this.options;
    const stream = new StreamTransport({ ...this.options, to: { path } });
    try {
      await stream.connected();
      return stream;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPROTOTYPE') throw error;
      return new DatagramSender(path, (record, limit) => Buffer.from(encode(record, limit)), limitBytes);
    }
  }
}
