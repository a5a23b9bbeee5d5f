import type { BackendLog, KeptLog, meta, observe, WorkloadLogKeeper } from '@aurae/proto';
import { type Clock, systemClock } from '../clock.js';
import { nextLogSequence } from '../segments/next-log-sequence.js';
import { Alarm } from './alarm.js';
import { FaultRegister } from './fault-register.js';
import { type KeptLogHost, KeptWorkloadLog } from './kept-workload-log.js';
import { workloadKey } from '../workload-key.js';
import type { LogHolder, LogHolds } from './log-holder.js';
import type { CompleteSegment, LogLedger } from './log-ledger.js';
import { logStoreStatus } from './log-store-status.js';
import { LogSweep } from './log-sweep.js';
import { LookQueue } from './look-queue.js';
import { RecentLogs } from './recent-logs.js';
import { type LogBounds, type Removal, Retention } from './retention.js';
import { SegmentCare } from './segment-care.js';

export interface LogKeeperOptions extends LogBounds {
  /** Whether complete segments are compressed, but for the newest of each log. */
  readonly compress: boolean;
  /** Gets what an operator should know. Default: nobody does. */
  readonly log?: BackendLog;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Keeps logs on disk within bounds of size and age: segments that are complete are taken over from their writers, indexed,
 * compressed, and removed, the oldest first. The last segment of a log is its writer's, and never touched; so a log can
 * be larger than its bound by what is in that one, where that alone is larger.
 *
 * What fails is tried again, and told by the status and the log; nothing of that reaches a caller.
 */
export class LogKeeper implements WorkloadLogKeeper, AsyncDisposable {
  private readonly clock: Clock;
  private readonly faults: FaultRegister;
  private readonly retention: Retention;
  private readonly looks = new LookQueue();
  private readonly care: SegmentCare;
  private readonly logs = new Map<LogLedger, KeptWorkloadLog>();
  private readonly sweep: LogSweep;
  private readonly recent = new RecentLogs();
  private readonly aging: Alarm;
  private readonly removed = { bytes: 0, segments: 0 };
  private readonly host: KeptLogHost;
  /** Holders that have lost something for want of room, and have not caught up since. */
  private readonly surrendering = new Set<LogHolds>();
  private isStarted = false;
  /** Logs that were kept before the start and are not known yet. */
  private readonly unknown = new Set<KeptWorkloadLog>();
  private isClosed = false;
  private disposal: Promise<void> | undefined;

  constructor(private readonly options: LogKeeperOptions) {
    const { clock = systemClock, log } = options;
    this.clock = clock;
    this.faults = new FaultRegister(log);
    this.retention = new Retention(
      options,
      () => this.settle(),
      (holder) => this.surrendered(holder),
    );
    this.host = {
      faults: this.faults,
      now: () => clock.now(),
      wants: (each, isUrgent) => this.looks.add(each, isUrgent),
      changed: (each) => this.changed(each),
      released: (each) => this.forget(each),
    };
    this.care = new SegmentCare({ clock, compress: options.compress, isShort: () => this.isShort });
    this.aging = new Alarm(clock, () => this.settle());
    this.sweep = new LogSweep(clock, (each) => this.looks.add(each, false));
  }

  /** Begins to remove what is beyond the bounds: call it once the logs of before are kept and the holds are placed. */
  start(): void {
    this.isStarted = true;
    this.settle();
  }

  keep(workload: meta.WorkloadReference, directory: string): KeptLog {
    const log = new KeptWorkloadLog(workload, directory, this.host);
    if (this.isClosed) return log;
    this.logs.set(log.ledger, log);
    if (!this.isStarted) this.unknown.add(log);
    this.retention.add(log.ledger);
    this.sweep.add(log);
    this.recent.touch(log);
    this.looks.add(log, false);
    return log;
  }

  /**
   * Keeps for a reader what it has not read yet, beyond the bounds if need be: so many bytes at most, then the oldest goes.
   */
  holder(name: string, maximumBytes: number): LogHolder {
    return this.retention.holder(name, maximumBytes);
  }

  /** The number that the next record of each of these logs gets, counted now; those that are not kept are left out. */
  async nextSequences(workloads: readonly meta.WorkloadReference[]): Promise<ReadonlyMap<string, bigint>> {
    const wanted = new Set(workloads.map(workloadKey));
    const found = new Map<string, bigint>();
    for (const log of this.logs.values()) {
      const key = workloadKey(log.workload);
      // One that is removed meanwhile has none.
      if (wanted.has(key)) found.set(key, await nextLogSequence(log.directory.path).catch(() => 1n));
    }
    return found;
  }

  /** As it was last seen: `refresh` looks anew. */
  status(): observe.LogStoreStatus {
    const { bytes, uncompressedBytes, dueBytes } = this.retention;
    const sums = { bytes, uncompressedBytes, spilledBytes: dueBytes };
    return logStoreStatus(this.options, sums, this.removed, this.logs.values(), this.faults.notice);
  }

  /** Looks how far those logs have grown that changed last, a hundred at most. */
  async refresh(): Promise<void> {
    await Promise.all(Array.from(this.recent, (log) => log.measureLast()));
  }

  /** Lets go of all logs, and touches no file any more once that has resolved. */
  [Symbol.asyncDispose](): Promise<void> {
    this.disposal ??= this.close();
    return this.disposal;
  }

  dispose(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  private async close(): Promise<void> {
    this.isClosed = true;
    this.aging.close();
    const ends = [this.sweep.close(), this.looks.close(), this.care.close()];
    await Promise.all(Array.from(this.logs.values(), (log) => log.release()));
    await Promise.all(ends);
  }

  private changed(log: KeptWorkloadLog): void {
    if (!this.logs.has(log.ledger)) return;
    if (log.isKnown) this.unknown.delete(log);
    this.sweep.touch(log);
    this.recent.touch(log);
    this.retention.update(log.ledger);
    this.settle();
    this.care.tend(log);
  }

  private forget(log: KeptWorkloadLog): void {
    if (!this.logs.delete(log.ledger)) return;
    this.unknown.delete(log);
    this.looks.delete(log);
    this.sweep.delete(log);
    this.recent.delete(log);
    this.retention.delete(log.ledger);
    this.faults.forget(log.directory.path);
    this.settle();
  }

  /** Removes what has to go now. */
  private settle(): void {
    if (!this.isStarted || this.isClosed) return;
    const removals = this.retention.settle(this.clock.now(), this.unknown.size === 0);
    for (const [ledger, segments] of groups(removals)) this.remove(ledger, segments);
    this.noteCaughtUp();
    this.aging.set(this.retention.nextDueMs);
    this.care.wake();
  }

  private remove(ledger: LogLedger, segments: readonly CompleteSegment[]): void {
    const log = this.logs.get(ledger);
    void log?.remove(segments, (bytes) => {
      this.removed.bytes += bytes;
      this.removed.segments += 1;
    });
  }

  /** The oldest logs of the node go for want of room. */
  private get isShort(): boolean {
    const { maximumBytes } = this.options;
    return maximumBytes > 0 && this.retention.bytes - this.retention.dueBytes > maximumBytes * 0.9;
  }

  private surrendered(holder: LogHolds): void {
    this.surrendering.add(holder);
    this.faults.occurred('spill', holder.name, `log sink "${holder.name}", ${holder.maximumBytes} bytes`);
  }

  private noteCaughtUp(): void {
    for (const holder of this.surrendering) {
      if (holder.heldBytes > holder.maximumBytes / 2) continue;
      this.surrendering.delete(holder);
      this.faults.over('spill', holder.name);
    }
  }
}

function groups(removals: readonly Removal[]): Map<LogLedger, CompleteSegment[]> {
  const result = new Map<LogLedger, CompleteSegment[]>();
  for (const { ledger, segment } of removals) {
    const segments = result.get(ledger);
    if (segments) segments.push(segment);
    else result.set(ledger, [segment]);
  }
  return result;
}
