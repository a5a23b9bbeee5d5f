import { systemReason } from '../system-error.js';

/** What was to be shown could not be written. */
export class OutputError extends Error {
  readonly reason = 'OUTPUT';

  constructor(cause: unknown) {
    super(`Cannot write the output: ${systemReason(cause)}`, { cause });
  }
}

/** Standard output or error: a file, a terminal, or a pipe whose reader may be slow or leave. */
export class OutputStream {
  private isClosed = false;

  constructor(private readonly stream: NodeJS.WritableStream) {
    // Each write tells of its own failure. Without a listener the event would end the process.
    stream.on('error', () => {});
  }

  /** Resolves once everything was handed to the system: true, or false when the reader has left. */
  write(data: string | Uint8Array): Promise<boolean> {
    if (this.isClosed || data.length === 0) return Promise.resolve(!this.isClosed);
    return new Promise((resolve, reject) => {
      this.stream.write(data, (error?: NodeJS.ErrnoException | null) => {
        if (!error) return resolve(true);
        if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') return reject(new OutputError(error));
        this.isClosed = true;
        resolve(false);
      });
    });
  }
}
