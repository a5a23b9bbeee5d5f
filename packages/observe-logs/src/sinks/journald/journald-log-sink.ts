import { existsSync } from 'node:fs';
import type { backend, CallContext, meta } from '@aurae/proto';
import { BatchTurns } from '../batch-turns.js';
import { SinkReport, type SinkTrouble } from '../sink-report.js';
import { DatagramSender } from '../unix/datagram-sender.js';
import { journalEntry } from './journal-entry.js';

export interface JournaldLogSinkOptions {
  readonly socket: string;
  /** Of one entry. */
  readonly limitBytes: number;
}

const remedy = 'Start systemd-journald, or choose another log sink where there is none';
/** How long the end of the sink waits for a batch that is under way. */
const lastWriteMs = 500;

/** Sends records to the journal of systemd. A batch is accepted when it lies in the journal's socket. */
export class JournaldLogSink implements backend.LogSink<CallContext> {
  private readonly turns = new BatchTurns();
  private readonly report = new SinkReport('journald', remedy);
  private readonly sender: DatagramSender<backend.LogRecord>;

  constructor(private readonly options: JournaldLogSinkOptions) {
    this.sender = new DatagramSender(options.socket, journalEntry, options.limitBytes);
  }

  async describe(): Promise<meta.BackendDescription> {
    return this.report.describe({ socket: this.options.socket }, this.lacking());
  }

  /** @throws UnavailableError when there is no journal, or the sink is disposed */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    const present = records.filter(({ item }) => item !== undefined);
    const send = () => this.sender.send(present);
    await this.turns.write(records, signal, () => this.report.track(records.length, send));
    return {};
  }

  /** Answers when the kernel has everything. */
  async flush({ signal }: CallContext): Promise<backend.LogFlushResponse> {
    await this.turns.idle(signal);
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.turns.idle(AbortSignal.timeout(lastWriteMs)).catch(() => {});
    await this.sender[Symbol.asyncDispose]();
  }

  private lacking(): SinkTrouble | undefined {
    if (existsSync(this.options.socket)) return undefined;
    return { reason: `There is no journal here: "${this.options.socket}" does not exist`, remedy };
  }
}
