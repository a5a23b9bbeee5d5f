import {
  abortReason,
  type backend,
  backendProtocolVersion,
  type CallContext,
  FailedPreconditionError,
  meta,
} from '@aurae/proto';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { jsonLine } from './json-line.js';
import { isAtLeast, type LogLevel } from './log-level.js';
import { prettyLine } from './pretty-line.js';
import { type Environment, wantsColours } from './terminal-colours.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export type ConsoleLogFormat = 'auto' | 'pretty' | 'json';

export interface ConsoleLogSinkOptions {
  /** Default `process.stderr`. It stays the caller's: the sink never ends it. */
  readonly stream?: Writable & { readonly isTTY?: boolean };
  /** `auto`, the default: `pretty` on a terminal, else `json`. */
  readonly format?: ConsoleLogFormat;
  /** The least important level to write. Default `info`. Lines without a level are always written. */
  readonly level?: LogLevel;
  /** Where `NO_COLOR`, `FORCE_COLOR` and `TERM` are looked up. Default `process.env`. */
  readonly environment?: Environment;
}

const guarded = new WeakSet<Writable>();

/**
 * Writes records to the standard error or standard output of the process, one line each. At most one batch is on its
 * way: the next write waits until the stream has taken it. A reader that went away is no crash: its records are
 * counted, and writing works again as soon as the stream does.
 */
export class ConsoleLogSink implements backend.LogSink<CallContext> {
  private readonly stream: Writable;
  private readonly format: (record: backend.LogRecord) => string;
  private readonly level: LogLevel;
  private inFlight: Promise<Error | undefined> | undefined;
  private writtenRecords = 0;
  private lostRecords = 0;
  private lastError: Error | undefined;

  constructor(options: ConsoleLogSinkOptions = {}) {
    const { stream = process.stderr, format = 'auto', level = 'info', environment = process.env } = options;
    const isTerminal = stream.isTTY === true;
    const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
    const colours = wantsColours(isTerminal, environment);
    this.stream = stream;
    this.format = isPretty ? (record) => prettyLine(record, colours) : jsonLine;
    this.level = level;
    guardStream(stream);
  }

  async describe(): Promise<meta.BackendDescription> {
    return {
      name: 'console',
      version,
      protocolVersion: backendProtocolVersion,
      capabilities: ['Write', 'Flush'],
      health: this.health(),
      details: { writtenRecords: `${this.writtenRecords}`, lostRecords: `${this.lostRecords}` },
    };
  }

  /** @throws FailedPreconditionError when the stream takes nothing: it is closed, or its reader is gone */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    const lines = records.filter(({ item }) => item && isAtLeast(item.level, this.level)).map(this.format);
    if (lines.length === 0) return {};
    while (this.inFlight) await settledUnlessAborted(this.inFlight, signal);
    if (signal.aborted) throw abortReason(signal);
    const sent = this.send(`${lines.join('\n')}\n`, lines.length);
    this.inFlight = sent;
    void sent.then(() => {
      this.inFlight = undefined;
    });
    // Aborted from here on, the batch is in the stream and must not come again: it counts as accepted.
    const error = await settledOrAborted(sent, signal);
    if (error) {
      throw new FailedPreconditionError(`Cannot write to the console: ${error.message}`, { cause: error });
    }
    return {};
  }

  /** Answers when the stream has taken what was written. */
  async flush({ signal }: CallContext): Promise<backend.LogFlushResponse> {
    while (this.inFlight) await settledUnlessAborted(this.inFlight, signal);
    return {};
  }

  private send(text: string, records: number): Promise<Error | undefined> {
    return new Promise((resolve) => {
      this.stream.write(text, (error) => {
        this.lastError = error ?? undefined;
        if (error) this.lostRecords += records;
        else this.writtenRecords += records;
        resolve(this.lastError);
      });
    });
  }

  private health(): meta.Health {
    if (!this.lastError) return { state: meta.HealthState.HEALTH_STATE_SERVING, reason: '', remedy: '' };
    return {
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: `Nobody reads the console: ${this.lastError.message}`,
      remedy: 'Restart the daemon with its output connected, or remove the console from the log sinks',
    };
  }
}

/** Node ends the process when a stream fails and nobody listens; the callback of each write tells of it here. */
function guardStream(stream: Writable): void {
  if (guarded.has(stream)) return;
  guarded.add(stream);
  stream.on('error', () => {});
}

async function settledUnlessAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  await settledOrAborted(promise, signal);
  if (signal.aborted) throw abortReason(signal);
}

/** What the promise, which must not reject, resolves with; undefined when the signal aborts first. */
async function settledOrAborted<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result | undefined> {
  if (signal.aborted) return undefined;
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
