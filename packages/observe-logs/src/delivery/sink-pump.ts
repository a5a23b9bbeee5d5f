import type { backend, BackendLog, CallContext, meta } from '@aurae/proto';
import { backoffMs } from '../backoff.js';
import type { Clock } from '../clock.js';
import { withDeadline } from '../deadline.js';
import type { LogCursor } from '../ring/log-cursor.js';
import type { LogPositions } from './log-positions.js';
import { LogSources } from './log-sources.js';
import type { TakenBatch } from './taken-batch.js';
import { Patience } from './patience.js';
import { type SinkPumpOptions, type SinkSettings, sinkSettings } from './sink-settings.js';
import type { SinkStatus } from './sink-status.js';
import { SinkWriter, type WriteOutcome } from './sink-writer.js';
import { WorkloadFeeds } from './workload-feeds.js';
import type { WorkloadLogHolder } from './workload-log-holder.js';

export interface PumpedSink {
  readonly name: string;
  readonly sink: backend.LogSink<CallContext>;
  readonly options: SinkPumpOptions;
  readonly positions?: LogPositions | undefined;
  readonly holder?: WorkloadLogHolder | undefined;
}

/** Moves records from logs to one sink, one write at a time, until it is stopped. */
export class SinkPump {
  readonly feeds: WorkloadFeeds;
  private readonly name: string;
  private readonly settings: SinkSettings;
  private readonly sources: LogSources;
  private readonly writer: SinkWriter;
  /** Aborted when nothing may be waited for any more but the sink itself. */
  private readonly draining = new AbortController();
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;
  private pausing: AbortController | undefined;
  private isLingering = false;
  private wake: () => void = () => {};
  private linesInFlight = 0;
  private writtenRecords = 0;
  private droppedRecords = 0;
  private retries = 0;

  constructor(
    private readonly pumped: PumpedSink,
    private readonly clock: Clock,
    log?: BackendLog,
  ) {
    const { name, sink, positions } = pumped;
    const settings = sinkSettings(pumped.options);
    this.name = name;
    this.settings = settings;
    this.sources = new LogSources(name, clock, settings.limits, () => this.onNews());
    const onHealthChange = () => settings.onHealthChange(this.status());
    this.writer = new SinkWriter(name, sink, clock, settings.writeTimeoutMs, onHealthChange);
    const { readAhead } = this.sources;
    const onNews = this.sources.announce.bind(this.sources);
    this.feeds = new WorkloadFeeds({
      ...settings,
      sinkName: name,
      readAhead,
      clock,
      positions,
      holder: this.holder,
      log,
      onNews,
    });
    this.finished = this.run();
  }

  follow(cursor: LogCursor, workload: meta.WorkloadReference | undefined): void {
    this.sources.addRing(cursor, workload);
  }

  /**
   * Resolves when everything that was read has been accepted and flushed, or `stop` was called. What comes after that,
   * and what files of workloads have beyond it, is left. Never rejects.
   */
  drain(): Promise<void> {
    void this.feeds.stop();
    this.draining.abort();
    this.pausing?.abort();
    this.wake();
    return this.finished;
  }

  /** Gives up what is under way; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.sources.stop();
    await this.drain();
    // A stream that does not heed its signal is left alone.
    const deadline = {
      clock: this.clock,
      timeoutMs: 1000,
      signal: new AbortController().signal,
      action: 'Closing logs',
    };
    await withDeadline(deadline, () => this.feeds.stop()).catch(() => {});
  }

  status(): SinkStatus {
    const { lastError, health } = this.writer;
    return {
      name: this.name,
      writtenRecords: this.writtenRecords,
      droppedRecords: this.droppedRecords + this.sources.lostLines,
      pendingRecords: this.linesInFlight + this.sources.unreadLines,
      retries: this.retries,
      lastError,
      health,
      whenBehind: this.settings.whenBehind,
      spilledBytes: this.holder?.heldBytes ?? 0,
      unreadableLogs: this.feeds.unreadable,
    };
  }

  private get holder(): WorkloadLogHolder | undefined {
    return this.settings.whenBehind === 'spill' ? this.pumped.holder : undefined;
  }

  private onNews(): void {
    this.wake();
    if (this.isLingering && this.sources.isFull) this.pausing?.abort();
  }

  private async run(): Promise<void> {
    let toldLast = false;
    while (!this.stopping.signal.aborted) {
      if (this.sources.hasNews) {
        await this.linger();
        if (!this.stopping.signal.aborted) await this.deliverBatch();
      } else if (!this.draining.signal.aborted) {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      } else if (this.sources.hasUntold && !toldLast) {
        toldLast = true;
        await this.deliverBatch();
      } else {
        return this.writer.flush(this.stopping.signal);
      }
    }
  }

  private async linger(): Promise<void> {
    if (this.settings.lingerMs === 0 || this.draining.signal.aborted || this.sources.isFull) return;
    this.isLingering = true;
    await this.pause(this.settings.lingerMs, this.stopping.signal);
    this.isLingering = false;
  }

  private async deliverBatch(): Promise<void> {
    const { stopping, clock, settings } = this;
    const batch = this.sources.take();
    // A sink may be somebody else's: what it is to take stays as it is, also for another try.
    Object.freeze(batch.records);
    this.droppedRecords += batch.lostLines;
    this.linesInFlight = batch.lines;
    const isPatient = settings.whenBehind !== 'block';
    const patience = isPatient ? undefined : new Patience(clock, stopping.signal, settings.blockForMs);
    const outcome = await this.writeUntilSettled(batch.records, patience?.signal ?? stopping.signal);
    patience?.[Symbol.dispose]();
    if (!stopping.signal.aborted || outcome === 'accepted') this.settle(batch, outcome);
  }

  private async writeUntilSettled(records: backend.LogRecord[], signal: AbortSignal): Promise<WriteOutcome> {
    for (;;) {
      const outcome = await this.writer.write(records, signal);
      if (outcome === 'accepted' || outcome === 'refused' || signal.aborted) return outcome;
      this.retries += 1;
      await this.backOff(outcome, signal);
      if (signal.aborted) return outcome;
    }
  }

  private settle(batch: TakenBatch, outcome: WriteOutcome): void {
    this.linesInFlight = 0;
    if (outcome === 'accepted') {
      this.writtenRecords += batch.records.length;
      this.sources.accept(batch);
      return;
    }
    this.droppedRecords += batch.lines;
    const { blockForMs } = this.settings;
    const isRefused = outcome === 'refused';
    this.sources.giveUp(
      batch,
      isRefused ? 'the log sink refused them' : `the log sink did not take them within ${blockForMs} ms`,
    );
  }

  /** A sink that took all its time was left alone long enough: what frees it should not find it waiting. */
  private async backOff(outcome: 'failed' | 'timed out', signal: AbortSignal): Promise<void> {
    const { initialBackoffMs, maximumBackoffMs, random } = this.settings;
    const isDraining = this.draining.signal.aborted;
    const failures = isDraining || outcome === 'timed out' ? 1 : this.writer.failuresInARow;
    const delay = backoffMs(failures, initialBackoffMs, maximumBackoffMs, random());
    const { retryAfterMs } = this.writer;
    await this.pause(isDraining ? delay : Math.max(delay, Math.min(retryAfterMs, maximumBackoffMs)), signal);
  }

  /** Waits so long, or until the signal aborts, or until the draining begins. */
  private async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    const pausing = (this.pausing = new AbortController());
    const end = () => pausing.abort();
    signal.addEventListener('abort', end);
    await this.clock.sleep(milliseconds, pausing.signal).catch(() => {});
    signal.removeEventListener('abort', end);
    this.pausing = undefined;
  }
}
