import { type backend, backendProtocolVersion, type CallContext, FailedPreconditionError, meta } from '@aurae/proto';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { ConsoleOutput } from './console-output.js';
import { consoleOutputOf } from './console-outputs.js';
import { jsonLine } from '../../lines/json-line.js';
import { isAtLeast, type LogLevel } from '../../lines/log-level.js';
import { prettyLine } from '../../lines/pretty-line.js';
import { type Environment, wantsColours } from './terminal-colours.js';

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

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

const nothingToWrite = Promise.resolve(undefined);

/**
 * Writes records to the standard error or standard output of the process, one line each. At most one batch is on its
 * way: the next write waits until the console has taken it. A write that is given up meanwhile goes on by itself; to
 * write the same array of records again is to wait for it, so no line comes twice. A reader that went away is no
 * crash: its records are counted, and writing works again as soon as the console does.
 */
export class ConsoleLogSink implements backend.LogSink<CallContext> {
  private readonly output: ConsoleOutput;
  private readonly format: (record: backend.LogRecord) => string;
  private readonly level: LogLevel;
  /** Outcomes that no caller has heard of yet. */
  private readonly begun = new WeakMap<readonly backend.LogRecord[], Promise<Error | undefined>>();
  private writtenRecords = 0;
  private lostRecords = 0;
  private lastError: Error | undefined;

  constructor(options: ConsoleLogSinkOptions = {}) {
    const { stream = process.stderr, format = 'auto', level = 'info', environment = process.env } = options;
    const isTerminal = stream.isTTY === true;
    const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
    const colours = wantsColours(isTerminal, environment);
    this.output = consoleOutputOf(stream);
    this.format = isPretty ? (record) => prettyLine(record, colours) : jsonLine;
    this.level = level;
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

  /** @throws FailedPreconditionError when the console takes nothing: it is closed, or its reader is gone */
  async write({ signal }: CallContext, { records }: backend.LogWriteRequest): Promise<backend.LogWriteResponse> {
    if (!this.begun.has(records)) await this.begin(records, signal);
    const error = await this.output.settled(this.begun.get(records) ?? nothingToWrite, signal);
    this.begun.delete(records);
    if (error) {
      throw new FailedPreconditionError(`Cannot write to the console: ${error.message}`, { cause: error });
    }
    return {};
  }

  /** Answers when the console has taken what was written. */
  async flush({ signal }: CallContext): Promise<backend.LogFlushResponse> {
    await this.output.idle(signal);
    return {};
  }

  private async begin(records: readonly backend.LogRecord[], signal: AbortSignal): Promise<void> {
    const lines = records.filter(({ item }) => item && isAtLeast(item.level, this.level)).map(this.format);
    if (lines.length === 0) return;
    const { outcome } = await this.output.begin(`${lines.join('\n')}\n`, signal);
    this.begun.set(
      records,
      outcome.then((error) => {
        this.lastError = error;
        if (error) this.lostRecords += lines.length;
        else this.writtenRecords += lines.length;
        return error;
      }),
    );
  }

  private health(): meta.Health {
    if (this.output.isStuck) {
      return {
        state: meta.HealthState.HEALTH_STATE_DEGRADED,
        reason: 'The console takes nothing at the moment: its terminal is stopped, or its reader is stuck',
        remedy: 'Let the terminal go on (Ctrl-Q), or see to the program that reads the output',
      };
    }
    if (!this.lastError) return { state: meta.HealthState.HEALTH_STATE_SERVING, reason: '', remedy: '' };
    return {
      state: meta.HealthState.HEALTH_STATE_UNAVAILABLE,
      reason: `Nobody reads the console: ${this.lastError.message}`,
      remedy: 'Restart the daemon with its output connected, or remove the console from the log sinks',
    };
  }
}
