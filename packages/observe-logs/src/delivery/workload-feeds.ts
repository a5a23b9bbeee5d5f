import type { BackendLog, meta } from '@aurae/proto';
import { backoffMs } from '../backoff.js';
import type { Clock } from '../clock.js';
import { nowhere } from './feed-intake.js';
import type { LogPlace, OpenWorkloadLog } from './log-place.js';
import type { LogPositions } from './log-positions.js';
import type { LogBatchLimits } from './taken-batch.js';
import type { ReadAhead } from './read-ahead.js';
import { type FeedOwner, WorkloadFeed } from './workload-feed.js';
import { workloadKey } from '../workload-key.js';
import { workloadKindName } from '../lines/workload-kind-name.js';
import type { WorkloadLogHolder } from './workload-log-holder.js';

export interface WorkloadFeedsOptions {
  readonly sinkName: string;
  readonly readAhead: ReadAhead;
  readonly limits: LogBatchLimits;
  readonly clock: Clock;
  readonly initialBackoffMs: number;
  readonly maximumBackoffMs: number;
  readonly random: () => number;
  readonly positions: LogPositions | undefined;
  readonly holder: WorkloadLogHolder | undefined;
  readonly log: BackendLog | undefined;
  readonly onNews: (feed: WorkloadFeed) => void;
}

/** A log of which a sink has not taken what was read: there may be more behind that. */
export interface LogBehind {
  readonly workload: meta.WorkloadReference;
  /** Sequence number of the last item that was read. */
  readonly readTo: bigint;
}

/** Logs that cannot be read at the moment. */
export interface UnreadableLogs {
  readonly count: number;
  /** One of them, and why. */
  readonly example: string;
}

/** The logs of workloads that one sink follows, its positions in them, and what is held back for it. */
export class WorkloadFeeds implements FeedOwner {
  readonly readAhead: ReadAhead;
  readonly limits: LogBatchLimits;
  private readonly feeds = new Map<string, WorkloadFeed>();
  private readonly failing = new Map<WorkloadFeed, string>();
  /** Keys of those of which everything was delivered, and that wait for their position to be saved. */
  private readonly delivered = new Set<string>();
  private isStopped = false;

  constructor(private readonly options: WorkloadFeedsOptions) {
    this.readAhead = options.readAhead;
    this.limits = options.limits;
    const { positions } = options;
    for (const workload of positions?.workloads() ?? []) this.hold(workload, positions?.get(workload));
    positions?.onSaved((workload, place) => this.onSaved(workload, place));
  }

  follow(workload: meta.WorkloadReference, open: OpenWorkloadLog, isNew: boolean): void {
    if (this.isStopped) return;
    const key = workloadKey(workload);
    const feed = this.feeds.get(key) ?? this.begin(key, workload, open, isNew);
    feed.follow(open);
  }

  /** What can still be read of its log is the last of it; then its position goes. */
  forget(workload: meta.WorkloadReference): void {
    const feed = this.feeds.get(workloadKey(workload));
    if (feed) feed.forget();
    else this.drop(workload);
  }

  /** Forgets all others of this kind. */
  retain(kind: meta.WorkloadKind, names: ReadonlySet<string>): void {
    const known = [
      ...(this.options.positions?.workloads() ?? []),
      ...[...this.feeds.values()].map((feed) => feed.workload),
    ];
    for (const workload of known) if (workload.kind === kind && !names.has(workload.name)) this.forget(workload);
  }

  /** Those of which there may be more than was read, so many at most. */
  behind(most: number): LogBehind[] {
    const logs: LogBehind[] = [];
    for (const { workload, readTo } of this.feeds.values()) {
      if (logs.length >= most) break;
      if (readTo !== undefined) logs.push({ workload, readTo });
    }
    return logs;
  }

  get unreadable(): UnreadableLogs | undefined {
    const [example] = this.failing.values();
    return example === undefined ? undefined : { count: this.failing.size, example };
  }

  /** Reads no more; what was read stays. Resolves when nothing is open any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all([...this.feeds.values()].map((feed) => feed.stop()));
  }

  onNews(feed: WorkloadFeed): void {
    this.options.onNews(feed);
  }

  onBegin({ workload }: WorkloadFeed, place: LogPlace): void {
    const { positions } = this.options;
    this.delivered.delete(workloadKey(workload));
    if (positions && !positions.get(workload)) positions.set(workload, place);
    this.hold(workload, positions?.get(workload) ?? place);
  }

  /** With positions, what was accepted is let go of only once that is saved: after a crash it is read again. */
  onSettled({ workload }: WorkloadFeed, place: LogPlace): void {
    const { positions } = this.options;
    if (positions) positions.set(workload, place);
    else this.hold(workload, place);
  }

  onFinished(feed: WorkloadFeed): void {
    const { workload } = feed;
    if (this.options.positions?.isSaved(workload) === false) this.delivered.add(workloadKey(workload));
    else this.options.holder?.release(workload);
    if (!feed.isForgotten) return;
    this.feeds.delete(workloadKey(workload));
    this.drop(workload);
  }

  async afterFailure(feed: WorkloadFeed, error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { sinkName, log, clock, initialBackoffMs, maximumBackoffMs, random } = this.options;
    const { kind, name } = feed.workload;
    const reason = error instanceof Error ? error.message : String(error);
    const workload = `${workloadKindName(kind)}/${name}`;
    if (this.failing.size === 0) log?.warn('A log cannot be read for a log sink', { sink: sinkName, workload, reason });
    this.failing.set(feed, `${workload}: ${reason}`);
    await clock.sleep(backoffMs(failures, initialBackoffMs, maximumBackoffMs, random()), signal).catch(() => {});
  }

  onReadable(feed: WorkloadFeed): void {
    this.failing.delete(feed);
    if (this.failing.size === 0) this.options.log?.info('All logs can be read again', { sink: this.options.sinkName });
  }

  private onSaved(workload: meta.WorkloadReference, place: LogPlace | undefined): void {
    const key = workloadKey(workload);
    const isDelivered = this.delivered.has(key) && this.options.positions?.isSaved(workload) === true;
    if (place && !isDelivered) return this.hold(workload, place);
    this.delivered.delete(key);
    if (!place && this.options.positions?.get(workload)) return;
    this.options.holder?.release(workload);
  }

  private begin(key: string, workload: meta.WorkloadReference, open: OpenWorkloadLog, isNew: boolean): WorkloadFeed {
    const { positions } = this.options;
    if (isNew && positions && !positions.get(workload)) positions.set(workload, nowhere);
    const place = positions?.get(workload) ?? (isNew ? nowhere : undefined);
    this.hold(workload, place);
    const feed = new WorkloadFeed(workload, place, open, this);
    this.feeds.set(key, feed);
    return feed;
  }

  private hold(workload: meta.WorkloadReference, place: LogPlace | undefined): void {
    this.options.holder?.hold(workload, (place?.afterSequence ?? 0n) + 1n);
  }

  private drop(workload: meta.WorkloadReference): void {
    this.options.positions?.delete(workload);
    this.options.holder?.release(workload);
  }
}
