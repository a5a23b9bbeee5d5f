import { type backend, type BackendLog, type CallContext, FailedPreconditionError, type meta } from '@aurae/proto';
import { type Clock, systemClock } from '../clock.js';
import { withDeadline } from '../deadline.js';
import type { LogRing } from '../ring/log-ring.js';
import type { OpenWorkloadLog } from './log-place.js';
import type { LogPositions } from './log-positions.js';
import { SinkPump } from './sink-pump.js';
import type { SinkPumpOptions } from './sink-settings.js';
import type { SinkStatus } from './sink-status.js';
import type { LogBehind } from './workload-feeds.js';
import type { WorkloadLogHolder } from './workload-log-holder.js';

/** Whose logs: the daemon's own, or those of workloads. */
export type LogOrigin = 'daemon' | 'workloads';

/** A sink under the name by which status and log records know it, and what it gets. */
export interface NamedLogSink {
  readonly name: string;
  readonly sink: backend.LogSink<CallContext>;
  /** Default: both. */
  readonly from?: readonly LogOrigin[];
  /** What is its own; the rest is as the dispatcher's options say. */
  readonly options?: SinkPumpOptions;
  /** Where its places in the logs of workloads outlive the process. It stays the caller's. Default: in memory only. */
  readonly positions?: LogPositions;
  /** With `spill`: holds back the logs of workloads. It stays the caller's. */
  readonly holder?: WorkloadLogHolder;
}

export interface LogDispatcherOptions extends SinkPumpOptions {
  readonly sinks: readonly NamedLogSink[];
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Is told of logs that cannot be read. */
  readonly log?: BackendLog;
}

export interface LogDispatcherCloseOptions {
  /** How long the sinks may take for what is left. Default 5 s. */
  readonly timeoutMs?: number;
  /** Ends the wait earlier. */
  readonly signal?: AbortSignal;
}

/** How long the last save of positions may take. */
const saveTimeoutMs = 1000;

interface FollowingSink {
  readonly pump: SinkPump;
  readonly from: readonly LogOrigin[];
  readonly positions: LogPositions | undefined;
}

/**
 * Hands the lines of logs to sinks: in batches, in order within each log, and again until a sink accepts them. Each
 * sink has a place of its own in each log, so a slow, hanging or failing one holds up nobody. What a log lets go
 * before a sink has taken it is lost to that sink; a record of its own tells it the number.
 *
 * Logs are rings in memory, or the logs of workloads, which a sink with `positions` follows on across restarts.
 *
 * The sinks stay the property of whoever made them: dispose them after `close`.
 */
export class LogDispatcher {
  private readonly clock: Clock;
  private readonly sinks: readonly FollowingSink[];
  private closing: Promise<readonly SinkStatus[]> | undefined;

  /** @throws RangeError when an option is out of its range */
  constructor({ sinks, clock = systemClock, log, ...shared }: LogDispatcherOptions) {
    this.clock = clock;
    this.sinks = sinks.map(({ from = ['daemon', 'workloads'], options, ...sink }) => ({
      pump: new SinkPump({ ...sink, options: { ...shared, ...options } }, clock, log),
      from,
      positions: sink.positions,
    }));
  }

  /**
   * Sends every kept and every coming line of this log to every sink that wants such, until the log ends.
   *
   * @param workload whose log it is; undefined for the daemon's own
   * @throws FailedPreconditionError after `close`
   */
  follow(log: LogRing, workload?: meta.WorkloadReference): void {
    if (this.closing) throw new FailedPreconditionError('Cannot follow a log: the log dispatcher is closed');
    const origin = workload === undefined ? 'daemon' : 'workloads';
    for (const pump of this.pumpsOf(origin)) pump.follow(log.cursor({ afterSequence: 0n }), workload);
  }

  /**
   * Sends the log of a workload to every sink that wants such, to each from where it was. To be called whenever a
   * workload becomes known or starts: it is harmless while the log is followed, and follows on after it had ended. Does
   * nothing after `close`.
   *
   * @param isNew it has just been started: of a log that no sink has a place in, all from the very first line is due, and
   *   what of that is let go before it is read counts as lost. Else such a log begins with what is kept of it.
   */
  followWorkload(workload: meta.WorkloadReference, open: OpenWorkloadLog, isNew = false): void {
    for (const pump of this.pumpsOf('workloads')) pump.feeds.follow(workload, open, isNew);
  }

  /** The workload is no longer known: what can still be read of its log is sent, then no sink has a place in it any more. */
  forget(workload: meta.WorkloadReference): void {
    for (const pump of this.pumpsOf('workloads')) pump.feeds.forget(workload);
  }

  /** These are the names of all workloads of a kind that are known: forgets the others. */
  retain(kind: meta.WorkloadKind, names: Iterable<string>): void {
    const known = new Set(names);
    for (const pump of this.pumpsOf('workloads')) pump.feeds.retain(kind, known);
  }

  /** For each sink, in their order: logs of workloads that it is behind with, so many at most. */
  behind(most: number): LogBehind[][] {
    return this.sinks.map(({ pump }) => pump.feeds.behind(most));
  }

  /**
   * Reads no more of the logs of workloads, from here on: for those whose logs are about to go out of reach. What was read
   * is delivered.
   */
  async stopWorkloads(): Promise<void> {
    await Promise.all(this.pumpsOf('workloads').map((pump) => pump.feeds.stop()));
  }

  /** The sinks in the order in which they were given. */
  status(): readonly SinkStatus[] {
    return this.sinks.map(({ pump }) => pump.status());
  }

  /**
   * Sends at once what is there of rings and what was read of the logs of workloads, flushes the sinks, saves the
   * positions, and ends. Answers within the bound, with `pendingRecords` that no sink has accepted. Never throws; a second
   * call gets the answer of the first.
   */
  close({ timeoutMs = 5000, signal }: LogDispatcherCloseOptions = {}): Promise<readonly SinkStatus[]> {
    this.closing ??= this.drain(timeoutMs, signal ?? new AbortController().signal);
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async drain(timeoutMs: number, signal: AbortSignal): Promise<readonly SinkStatus[]> {
    // Running out of time is a result here, told by the status.
    await this.within(timeoutMs, signal, 'Flushing the logs', ({ pump }) => pump.drain());
    await Promise.all(this.sinks.map(({ pump }) => pump.stop()));
    const noSignal = new AbortController().signal;
    await this.within(saveTimeoutMs, noSignal, 'Saving the positions', async ({ positions }) => positions?.save());
    return this.status();
  }

  private async within(
    timeoutMs: number,
    signal: AbortSignal,
    action: string,
    work: (sink: FollowingSink) => Promise<void>,
  ): Promise<void> {
    const deadline = { clock: this.clock, timeoutMs, signal, action };
    await withDeadline(deadline, () => Promise.all(this.sinks.map(work))).catch(() => {});
  }

  private pumpsOf(origin: LogOrigin): SinkPump[] {
    return this.sinks.filter(({ from }) => from.includes(origin)).map(({ pump }) => pump);
  }
}
