import { type backend, type CallContext, type meta, UnavailableError } from '@aurae/proto';
import { SinkReport } from '../sink-report.js';
import { BatchPoster, type BatchPosterOptions } from './batch-poster.js';

export interface HttpLogSinkOptions extends BatchPosterOptions {
  /** By which it describes itself. */
  readonly name: string;
}

/** Posts each batch to a server; a batch is accepted when the server says so. */
export class HttpLogSink implements backend.LogSink<CallContext> {
  private readonly poster: BatchPoster;
  private readonly report: SinkReport;
  private isDisposed = false;

  constructor({ name, ...options }: HttpLogSinkOptions) {
    this.poster = new BatchPoster(options);
    this.report = new SinkReport(
      name,
      `See to the server at ${this.poster.address}, the way to it and its credentials`,
    );
  }

  async describe(): Promise<meta.BackendDescription> {
    return this.report.describe({ endpoint: this.poster.address });
  }

  /**
   * @throws UnavailableError when the server does not answer or fails
   * @throws ResourceExhaustedError when it is busy, with the time after which it wants to be asked again
   * @throws InvalidSpecError when it refuses these records for good
   */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    if (this.isDisposed) throw new UnavailableError(`Cannot post to ${this.poster.address}: the log sink is closed`);
    if (records.length > 0) await this.report.track(records.length, () => this.poster.post(records, signal));
    return {};
  }

  /** Nothing waits here: what was accepted has left. */
  async flush(): Promise<backend.LogFlushResponse> {
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    this.poster[Symbol.dispose]();
  }
}
