import { type backend, type CallContext, FailedPreconditionError, type meta } from '@aurae/proto';
import { type Clock, systemClock } from './clock.js';
import { withDeadline } from './deadline.js';
import type { LogRing } from './log-ring.js';
import { SinkPump, type SinkPumpOptions } from './sink-pump.js';
import type { SinkStatus } from './sink-status.js';

/** A sink under the name by which status and log records know it. */
export interface NamedLogSink {
  readonly name: string;
  readonly sink: backend.LogSink<CallContext>;
}

export interface LogDispatcherOptions extends SinkPumpOptions {
  readonly sinks: readonly NamedLogSink[];
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface LogDispatcherCloseOptions {
  /** How long the sinks may take for what is left. Default 5 s. */
  readonly timeoutMs?: number;
  /** Ends the wait earlier. */
  readonly signal?: AbortSignal;
}

/**
 * Hands the lines of logs to sinks: in batches, in order within each log, and again until a sink accepts them. Each
 * sink has a place of its own in each log, so a slow, hanging or failing one holds up nobody. What a log lets go
 * before a sink has taken it is lost to that sink; a record of its own tells it the number.
 *
 * The sinks stay the property of whoever made them: dispose them after `close`.
 */
export class LogDispatcher {
  private readonly clock: Clock;
  private readonly pumps: readonly SinkPump[];
  private closing: Promise<readonly SinkStatus[]> | undefined;

  /** @throws RangeError when an option is out of its range */
  constructor({ sinks, clock = systemClock, ...options }: LogDispatcherOptions) {
    this.clock = clock;
    this.pumps = sinks.map(({ name, sink }) => new SinkPump(name, sink, clock, options));
  }

  /**
   * Sends every kept and every coming line of this log to every sink, until the log ends.
   *
   * @param workload whose log it is; undefined for the daemon's own
   * @throws FailedPreconditionError after `close`
   */
  follow(log: LogRing, workload?: meta.WorkloadReference): void {
    if (this.closing) throw new FailedPreconditionError('Cannot follow a log: the log dispatcher is closed');
    for (const pump of this.pumps) pump.follow(log.cursor({ afterSequence: 0n }), workload);
  }

  /** The sinks in the order in which they were given. */
  status(): readonly SinkStatus[] {
    return this.pumps.map((pump) => pump.status());
  }

  /**
   * Sends at once what is there, flushes the sinks, and ends. Answers within the bound, with `pendingRecords` that no
   * sink has accepted. Never throws; a second call gets the answer of the first.
   */
  close({ timeoutMs = 5000, signal }: LogDispatcherCloseOptions = {}): Promise<readonly SinkStatus[]> {
    this.closing ??= this.drain(timeoutMs, signal ?? new AbortController().signal);
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async drain(timeoutMs: number, signal: AbortSignal): Promise<readonly SinkStatus[]> {
    const deadline = { clock: this.clock, timeoutMs, signal, action: 'Flushing the logs' };
    // Running out of time is a result here, told by the status.
    await withDeadline(deadline, () => Promise.all(this.pumps.map((pump) => pump.drain()))).catch(() => {});
    await Promise.all(this.pumps.map((pump) => pump.stop()));
    return this.status();
  }
}
