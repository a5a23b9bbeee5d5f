import { type backend, type CallContext, type meta, UnavailableError } from '@aurae/proto';
import { BatchTurns } from '../batch-turns.js';
import { messageOf, SinkReport } from '../sink-report.js';
import type { SyslogTransport } from './syslog-transport.js';

export interface SyslogLogSinkOptions {
  readonly transport: SyslogTransport;
  /** For people, such as `tcp:logs.example:601`. */
  readonly address: string;
}

/** How long the end of the sink waits for a batch that is under way. */
const lastWriteMs = 500;

/**
 * Sends records as RFC 5424 messages. A batch is accepted when the kernel has it: syslog has no word of acceptance, and
 * what a server that dies has not read is lost.
 */
export class SyslogLogSink implements backend.LogSink<CallContext> {
  private readonly turns = new BatchTurns();
  private readonly report: SinkReport;

  constructor(private readonly options: SyslogLogSinkOptions) {
    this.report = new SinkReport('syslog', `See to the syslog server at ${options.address}, or correct the address`);
  }

  async describe(): Promise<meta.BackendDescription> {
    return this.report.describe({ address: this.options.address });
  }

  /** @throws UnavailableError when the server cannot be reached, or the sink is disposed */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    await this.turns.write(records, signal, () => this.report.track(records.length, () => this.send(records)));
    return {};
  }

  /** Answers when the kernel has everything. */
  async flush({ signal }: CallContext): Promise<backend.LogFlushResponse> {
    await this.turns.idle(signal);
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.turns.idle(AbortSignal.timeout(lastWriteMs)).catch(() => {});
    await this.options.transport[Symbol.asyncDispose]();
  }

  private async send(records: readonly backend.LogRecord[]): Promise<void> {
    try {
      await this.options.transport.send(records.filter(({ item }) => item !== undefined));
    } catch (cause) {
      if (cause instanceof UnavailableError) throw cause;
      throw new UnavailableError(`Cannot send to the syslog server at ${this.options.address}: ${messageOf(cause)}`, {
        cause,
      });
    }
  }
}
