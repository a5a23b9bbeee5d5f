import {
  type backend,
  type CallContext,
  callContext,
  CapabilityNotSupportedError,
  DeadlineExceededError,
  FailedPreconditionError,
  InvalidSpecError,
  type meta,
} from '@aurae/proto';
import { backoffMs, type BackoffOptions } from './backoff.js';
import type { Clock } from './clock.js';
import { withDeadline } from './deadline.js';
import type { LogCursor } from './log-cursor.js';
import { type LogBatchLimits, LogSources } from './log-sources.js';
import { lossRecord } from './loss-record.js';
import { integerInRange } from './option-range.js';
import { type SinkFailure, sinkHealth, type SinkStatus } from './sink-status.js';

const hourMs = 3_600_000;

type WriteOutcome = 'accepted' | 'refused' | 'failed' | 'timed out';

export interface SinkPumpOptions extends BackoffOptions {
  /** Records in one write. 3 to 65,536; default 256. */
  readonly maximumBatchItems?: number;
  /** Bytes of lines and fields in one write; a single line may be more. 1 KiB to 16 MiB; default 256 KiB. */
  readonly maximumBatchBytes?: number;
  /** How long a batch that is not full waits for more. 0 to 60,000 ms; default 20 ms. */
  readonly lingerMs?: number;
  /** How long the sink may take for one write or flush. 1 ms to 1 h; default 10 s. */
  readonly writeTimeoutMs?: number;
  /** Called when a sink begins to fail, and when it works again. Must not throw. */
  readonly onHealthChange?: (status: SinkStatus) => void;
  /** From 0 to 1, for the jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** Moves records from logs to one sink, one write at a time, until it is stopped. */
export class SinkPump {
  private readonly sources: LogSources;
  private readonly limits: LogBatchLimits;
  private readonly lingerMs: number;
  private readonly writeTimeoutMs: number;
  private readonly initialBackoffMs: number;
  private readonly maximumBackoffMs: number;
  private readonly random: () => number;
  private readonly onHealthChange: (status: SinkStatus) => void;
  /** Aborted when nothing may be waited for any more but the sink itself. */
  private readonly draining = new AbortController();
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;
  private wake: () => void = () => {};
  private linesInFlight = 0;
  /** Lines that the sink refused, and that no accepted record has told of yet. */
  private refusedLines = 0;
  private writtenRecords = 0;
  private droppedRecords = 0;
  private retries = 0;
  private failuresInARow = 0;
  private lastError: SinkFailure | undefined;

  constructor(
    private readonly name: string,
    private readonly sink: backend.LogSink<CallContext>,
    private readonly clock: Clock,
    options: SinkPumpOptions = {},
  ) {
    this.limits = {
      // One record is kept free for the one that tells of refused lines.
      maximumItems: integerInRange('maximumBatchItems', options.maximumBatchItems ?? 256, 3, 65_536) - 1,
      maximumBytes: integerInRange('maximumBatchBytes', options.maximumBatchBytes ?? 256 * 1024, 1024, 2 ** 24),
    };
    this.lingerMs = integerInRange('lingerMs', options.lingerMs ?? 20, 0, 60_000);
    this.writeTimeoutMs = integerInRange('writeTimeoutMs', options.writeTimeoutMs ?? 10_000, 1, hourMs);
    this.initialBackoffMs = integerInRange('initialBackoffMs', options.initialBackoffMs ?? 100, 1, hourMs);
    this.maximumBackoffMs = integerInRange('maximumBackoffMs', options.maximumBackoffMs ?? 30_000, 1, hourMs);
    this.random = options.random ?? Math.random;
    this.onHealthChange = options.onHealthChange ?? (() => {});
    this.sources = new LogSources(name, () => this.wake());
    this.finished = this.run();
  }

  follow(cursor: LogCursor, workload: meta.WorkloadReference | undefined): void {
    this.sources.add(cursor, workload);
  }

  /** Resolves when everything that was there has been accepted and flushed, or `stop` was called. Never rejects. */
  drain(): Promise<void> {
    this.draining.abort();
    this.wake();
    return this.finished;
  }

  /** Gives up what is under way; resolves when nothing runs any more. */
  stop(): Promise<void> {
    this.stopping.abort();
    this.sources.stop();
    return this.drain();
  }

  status(): SinkStatus {
    return {
      name: this.name,
      writtenRecords: this.writtenRecords,
      droppedRecords: this.droppedRecords + this.sources.lostLines,
      pendingRecords: this.linesInFlight + this.sources.unreadLines,
      retries: this.retries,
      lastError: this.lastError,
      health: sinkHealth(this.name, this.failuresInARow, this.lastError),
    };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      if (this.sources.hasNews) {
        await this.linger();
        if (!this.stopping.signal.aborted) await this.deliverBatch();
      } else if (this.draining.signal.aborted) {
        await this.flush();
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    }
  }

  private async linger(): Promise<void> {
    if (this.sources.unreadLines < this.limits.maximumItems) await this.pause(this.lingerMs);
  }

  private async deliverBatch(): Promise<void> {
    const { records, lines, lostLines } = this.sources.take(this.limits);
    if (this.refusedLines > 0) records.unshift(this.refusalRecord());
    this.droppedRecords += lostLines;
    this.linesInFlight = lines;
    while (!this.stopping.signal.aborted) {
      const outcome = await this.write(records);
      if (outcome === 'failed' || outcome === 'timed out') {
        await this.backOff(outcome);
        continue;
      }
      this.settle(outcome, records.length, lines);
      return;
    }
  }

  private settle(outcome: 'accepted' | 'refused', records: number, lines: number): void {
    this.linesInFlight = 0;
    if (outcome === 'accepted') {
      this.writtenRecords += records;
      this.refusedLines = 0;
    } else {
      this.droppedRecords += lines;
      this.refusedLines += lines;
    }
  }

  private refusalRecord(): backend.LogRecord {
    return lossRecord({
      lines: this.refusedLines,
      reason: 'the log sink refused them',
      sinkName: this.name,
      workload: undefined,
      timestamp: BigInt(this.clock.now()),
    });
  }

  private async write(records: backend.LogRecord[]): Promise<WriteOutcome> {
    try {
      await this.call('Writing to', (context) => this.sink.write(context, { records }));
      this.recordSuccess();
      return 'accepted';
    } catch (error) {
      this.recordFailure(error);
      if (isFinal(error)) return 'refused';
      return error instanceof DeadlineExceededError ? 'timed out' : 'failed';
    }
  }

  private async flush(): Promise<void> {
    try {
      await this.call('Flushing', (context) => this.sink.flush(context, {}));
    } catch (error) {
      this.recordFailure(error);
    }
  }

  private call<Answer>(action: string, work: (context: CallContext) => Promise<Answer>): Promise<Answer> {
    const { clock, writeTimeoutMs: timeoutMs, stopping, name } = this;
    return withDeadline(
      { clock, timeoutMs, signal: stopping.signal, action: `${action} the log sink "${name}"` },
      (signal) => work(callContext({ signal, timeoutMs })),
    );
  }

  private recordSuccess(): void {
    if (this.failuresInARow === 0) return;
    this.failuresInARow = 0;
    this.onHealthChange(this.status());
  }

  private recordFailure(error: unknown): void {
    // A write that is given up at the end says nothing about the sink.
    if (this.stopping.signal.aborted) return;
    this.failuresInARow += 1;
    this.lastError = { message: error instanceof Error ? error.message : String(error), timestampMs: this.clock.now() };
    if (this.failuresInARow === 1) this.onHealthChange(this.status());
  }

  /** A sink that took all its time was left alone long enough: what frees it should not find it waiting. */
  private async backOff(outcome: 'failed' | 'timed out'): Promise<void> {
    if (this.stopping.signal.aborted) return;
    this.retries += 1;
    const { initialBackoffMs, maximumBackoffMs, random } = this;
    const isDraining = this.draining.signal.aborted;
    const failures = isDraining || outcome === 'timed out' ? 1 : this.failuresInARow;
    const delay = backoffMs(failures, initialBackoffMs, maximumBackoffMs, random());
    await this.pause(delay, isDraining ? this.stopping.signal : this.draining.signal);
  }

  /** Waits so long, or until the signal aborts. */
  private async pause(milliseconds: number, signal = this.draining.signal): Promise<void> {
    if (milliseconds > 0 && !signal.aborted) await this.clock.sleep(milliseconds, signal).catch(() => {});
  }
}

/** Whether the sink will answer the same, however often it is asked. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof InvalidSpecError ||
    error instanceof CapabilityNotSupportedError ||
    error instanceof FailedPreconditionError
  );
}
