import { CancelledError, isAuraeError, type meta, type observe } from '@aurae/proto';
import { FeedIntake, nowhere } from './feed-intake.js';
import { FeedQueue } from './feed-queue.js';
import type { LogPlace, OpenWorkloadLog } from './log-place.js';
import type { LogSource, SourceLoss } from './log-source.js';
import type { LogBatchLimits } from './taken-batch.js';
import type { ReadAhead } from './read-ahead.js';

/** What a feed tells to whoever has it. */
export interface FeedOwner {
  readonly readAhead: ReadAhead;
  /** What one feed reads ahead: a batch of the sink. */
  readonly limits: LogBatchLimits;
  /** There is something to take. */
  onNews(feed: WorkloadFeed): void;
  /** The log, or another one in its place, was seen for the first time: this is before its first kept item. */
  onBegin(feed: WorkloadFeed, place: LogPlace): void;
  onSettled(feed: WorkloadFeed, place: LogPlace): void;
  /** The log cannot be read at the moment. Resolves when it shall be tried again. */
  afterFailure(feed: WorkloadFeed, error: unknown, failures: number, signal: AbortSignal): Promise<void>;
  onReadable(feed: WorkloadFeed): void;
  /** The log has ended and everything of it is settled. */
  onFinished(feed: WorkloadFeed): void;
}

/** One for all: thousands are stopped at once, and to make an error costs more than all else. */
const noLongerRead = new CancelledError('The log is no longer read');

/**
 * The log of one workload on its way to one sink. It reads ahead as much as one batch of the sink, and less when all
 * feeds together have much; what comes beyond that is read again later. Between news it holds nothing but the stream.
 */
export class WorkloadFeed implements LogSource {
  private readonly queue: FeedQueue;
  private readonly intake: FeedIntake;
  private settled: LogPlace;
  /** How often it was told to follow, and how often it had been when the log was forgotten. */
  private follows = 0;
  private forgottenAt = 0;
  private state: 'resting' | 'reading' | 'stopped' = 'resting';
  private hasEnded = false;
  private failures = 0;
  /** It could read on, and has to wait until the sink has taken some. */
  private isHeldUp = false;
  private call = new AbortController();
  private resume: () => void = () => {};
  private running: Promise<void> = Promise.resolve();

  /** @param place after what the sink has; undefined when nothing is known */
  constructor(
    readonly workload: meta.WorkloadReference,
    place: LogPlace | undefined,
    private open: OpenWorkloadLog,
    private readonly owner: FeedOwner,
  ) {
    this.settled = place ?? nowhere;
    this.queue = new FeedQueue(this.settled, owner.readAhead);
    this.intake = new FeedIntake(place, this.queue, (begin) => owner.onBegin(this, begin));
  }

  /** Follows the log on from where it was. While it does, another call makes it look again once the log has ended. */
  follow(open: OpenWorkloadLog): void {
    this.open = open;
    this.follows += 1;
    if (this.state !== 'resting') return;
    this.state = 'reading';
    this.running = this.run();
  }

  /** There is no such workload any more: what can still be read is the last of it. */
  forget(): void {
    this.forgottenAt = this.follows;
    this.finishIfSettled();
  }

  /** Whether it was forgotten, and not followed again since. */
  get isForgotten(): boolean {
    return this.forgottenAt === this.follows;
  }

  /** Reads no more. What was read stays to be taken. Resolves when nothing is open any more. */
  stop(): Promise<void> {
    this.state = 'stopped';
    this.call.abort(noLongerRead);
    this.resume();
    return this.running;
  }

  get hasNext(): boolean {
    return !this.queue.isEmpty;
  }

  /** Up to where it was read, where there may be more that it cannot read yet. */
  get readTo(): bigint | undefined {
    return this.isHeldUp || this.hasNext ? this.intake.lastRead : undefined;
  }

  get nextBytes(): number {
    return this.queue.nextBytes;
  }

  get nextLoss(): SourceLoss | undefined {
    return this.queue.nextLoss;
  }

  next(): observe.LogItem | undefined {
    return this.queue.next();
  }

  pass(): LogPlace {
    this.resume();
    return this.queue.place();
  }

  settle(place: LogPlace): void {
    this.settled = place;
    this.owner.onSettled(this, place);
    this.finishIfSettled();
  }

  private get isStopped(): boolean {
    return this.state === 'stopped';
  }

  private async run(): Promise<void> {
    let seen: number;
    this.hasEnded = false;
    do {
      seen = this.follows;
      await this.readToEnd(seen);
      if (this.isStopped) return;
      // Whatever gets this name next has a log of its own.
      if (this.forgottenAt >= seen) this.intake.reset();
    } while (seen !== this.follows);
    this.state = 'resting';
    this.hasEnded = true;
    this.finishIfSettled();
  }

  private async readToEnd(seen: number): Promise<void> {
    while (!this.isStopped) {
      this.isHeldUp = true;
      await this.owner.readAhead.turn();
      this.isHeldUp = false;
      if (this.isStopped) return;
      try {
        if (await this.readStream()) return;
      } catch (error) {
        if (this.isStopped) return;
        if (isGone(error)) return this.loseRest(seen);
        await this.waitAfter(error);
      }
    }
  }

  /** False: it was left before its end, since all feeds together have too much. */
  private async readStream(): Promise<boolean> {
    const call = (this.call = new AbortController());
    const batches = this.open(this.intake.open(), call.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        await this.room();
        if (this.isStopped) return true;
        const { done, value } = await batches.next();
        if (this.isStopped) return true;
        this.recover();
        if (done) return true;
        if (this.owner.readAhead.isFull) return false;
        this.intake.admit(value);
        if (this.hasNext) this.owner.onNews(this);
      }
    } finally {
      call.abort(noLongerRead);
      // It was told to end: how it does is of no interest.
      await batches.return?.().catch(() => {});
    }
  }

  private async room(): Promise<void> {
    const { queue, owner } = this;
    const { limits, readAhead } = owner;
    while (!this.isStopped && !queue.isEmpty) {
      const isAhead = queue.lines >= limits.maximumItems || queue.bytes >= limits.maximumBytes;
      if (!isAhead && readAhead.isPlenty) return;
      this.isHeldUp = true;
      await new Promise<void>((resolve) => {
        this.resume = resolve;
      });
      this.isHeldUp = false;
    }
  }

  private loseRest(seen: number): void {
    this.forgottenAt = Math.max(this.forgottenAt, seen);
    this.recover();
    this.intake.loseRest('the log was removed before the log sink had all of it');
    this.owner.onNews(this);
  }

  private async waitAfter(error: unknown): Promise<void> {
    this.failures += 1;
    this.call = new AbortController();
    await this.owner.afterFailure(this, error, this.failures, this.call.signal);
  }

  private recover(): void {
    if (this.failures === 0) return;
    this.failures = 0;
    this.owner.onReadable(this);
  }

  private finishIfSettled(): void {
    if (!this.hasEnded || this.hasNext) return;
    if (this.settled === this.queue.place()) this.owner.onFinished(this);
  }
}

function isGone(error: unknown): boolean {
  return isAuraeError(error) && error.reason === 'NOT_FOUND';
}
