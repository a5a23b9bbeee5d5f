import { setTimeout as delay } from 'node:timers/promises';
import { decideRestart, type runtime } from '@aurae/proto';
import { deferred } from '../deferred.js';
import type { ExecutableSpec } from './executable-spec.js';
import type { LiveRun } from './live-run.js';
import { hasFailed, lastedMs, type RunEnd, wasStopped } from './run-end.js';
import type { RunRecord } from './run-record.js';
import { keptRuns, type WorkloadDirectory } from './workload-directory.js';

export type WorkloadPhase =
  | { readonly kind: 'running'; readonly run: LiveRun }
  /** For its restart. */
  | WaitingPhase
  /** For good. `gaveUpAfter`: so many restarts did not help. */
  | { readonly kind: 'ended'; readonly end: RunEnd; readonly gaveUpAfter?: number };

export interface WaitingPhase {
  readonly kind: 'waiting';
  readonly end: RunEnd;
  readonly nextStartAtMs: number;
  /** What the next run's record says. */
  readonly restartsInRow: number;
}

/** With what a workload begins: its current or last run. */
export interface FirstRun {
  readonly number: number;
  readonly record: RunRecord;
  readonly phase: WorkloadPhase;
  /** A stop has been asked for already. */
  readonly isHeld?: boolean;
}

/** A run that is over, as far as it is remembered. */
export interface PastRun {
  readonly number: number;
  readonly record: RunRecord;
  readonly end: RunEnd;
}

/** What a workload needs of whoever keeps it. */
export interface WorkloadHost {
  /** Starts the next run. Rejects as `RunStarter.start`, and when it is shutting down. */
  startRun(workload: Workload, number: number, record: RunRecord): Promise<LiveRun>;
  /** Ends and removes whatever a run has left behind. */
  cleanUp(record: RunRecord, end: RunEnd): Promise<void>;
  failedStart(workload: Workload, error: unknown): RunEnd;
  /** Its phase has changed, or what its shim says of it. */
  onChange(workload: Workload): void;
  /** Its shim has said something. */
  onTold(workload: Workload): void;
  /** Its phase has changed. */
  onPhase(workload: Workload): void;
}

/** An executable from its start to its end for good: one run, and those that its policy adds. */
export class Workload {
  /** Settles when it has ended for good. Does not settle after `release`. */
  readonly finished: Promise<RunEnd>;
  private readonly finish = deferred<RunEnd>();
  private readonly waking = new AbortController();
  private currentPhase: WorkloadPhase;
  private currentRecord: RunRecord;
  private readonly past: PastRun[];
  private isReleased = false;
  private isHeld = false;

  private constructor(
    readonly directory: WorkloadDirectory,
    readonly spec: ExecutableSpec,
    private number: number,
    record: RunRecord,
    phase: WorkloadPhase,
    past: readonly PastRun[],
    private readonly host: WorkloadHost,
  ) {
    this.currentPhase = phase;
    this.currentRecord = record;
    this.past = [...past];
    this.finished = this.finish.promise;
  }

  /** `past` is what is remembered of it. */
  static create(
    directory: WorkloadDirectory,
    spec: ExecutableSpec,
    first: FirstRun,
    past: readonly PastRun[],
    host: WorkloadHost,
  ): Workload {
    const workload = new Workload(directory, spec, first.number, first.record, first.phase, past, host);
    workload.isHeld = first.isHeld ?? false;
    void workload.supervise(first.phase);
    return workload;
  }

  /** What follows the end of a run, by its policy. */
  static phaseAfter(record: RunRecord, end: RunEnd): WorkloadPhase {
    if (wasStopped(end)) return { kind: 'ended', end };
    const decision = decideRestart(record.executable.restart, {
      failed: hasFailed(end),
      lastedMs: lastedMs(end),
      restartsInRow: record.restartsInRow,
    });
    switch (decision.kind) {
      case 'done':
        return { kind: 'ended', end };
      case 'gave-up':
        return { kind: 'ended', end, gaveUpAfter: decision.restarts };
      case 'restart':
        return {
          kind: 'waiting',
          end,
          nextStartAtMs: Date.now() + decision.pauseMs,
          restartsInRow: decision.restartsInRow,
        };
    }
  }

  get phase(): WorkloadPhase {
    return this.currentPhase;
  }

  /** Of the current run, or of the last one. */
  get record(): RunRecord {
    return this.currentRecord;
  }

  get executable(): runtime.Executable {
    return this.currentRecord.executable;
  }

  get isOver(): boolean {
    return this.currentPhase.kind === 'ended';
  }

  /** A stop has been asked for, of this daemon or of its shim. */
  get isStopped(): boolean {
    if (this.isHeld) return true;
    return this.currentPhase.kind === 'running' ? this.currentPhase.run.isStopping : wasStopped(this.currentPhase.end);
  }

  /** Unix milliseconds; 0 while it has not ended for good. */
  get endedAtMs(): number {
    return this.currentPhase.kind === 'ended' ? this.currentPhase.end.endedAtMs : 0;
  }

  /** From the first that is remembered to the last. */
  get pastRuns(): readonly PastRun[] {
    return this.past;
  }

  get lastNumber(): number {
    return this.number;
  }

  /** Its policy starts it no more, not even for the next daemon. Ends it at once where it waits. */
  async hold(): Promise<void> {
    this.isHeld = true;
    this.waking.abort();
    await this.directory.hold(this.number);
  }

  /** Lets go of it; it runs on. */
  release(): void {
    this.isReleased = true;
    this.waking.abort();
    if (this.currentPhase.kind === 'running') this.currentPhase.run.release();
  }

  private async supervise(first: WorkloadPhase): Promise<void> {
    let phase = first;
    while (phase.kind !== 'ended' && !this.isReleased) {
      phase = phase.kind === 'running' ? await this.runToEnd(phase.run) : await this.waitAndStart(phase);
      if (this.isReleased) return;
      this.currentPhase = phase;
      this.host.onPhase(this);
      this.host.onChange(this);
    }
    if (phase.kind === 'ended') this.finish.resolve(phase.end);
  }

  private async runToEnd(run: LiveRun): Promise<WorkloadPhase> {
    const end = await run.ended;
    await this.host.cleanUp(this.currentRecord, end);
    this.remember(end);
    return this.after(end);
  }

  private remember(end: RunEnd): void {
    this.past.push({ number: this.number, record: this.currentRecord, end });
    if (this.past.length > keptRuns) this.past.shift();
  }

  private after(end: RunEnd): WorkloadPhase {
    return this.isHeld ? { kind: 'ended', end } : Workload.phaseAfter(this.currentRecord, end);
  }

  private async waitAndStart({ end, nextStartAtMs, restartsInRow }: WaitingPhase): Promise<WorkloadPhase> {
    const pauseMs = Math.max(0, nextStartAtMs - Date.now());
    await delay(pauseMs, undefined, { signal: this.waking.signal }).catch(() => undefined);
    if (this.isHeld || this.isReleased) return { kind: 'ended', end };
    const record = { ...this.currentRecord, restarts: this.currentRecord.restarts + 1, restartsInRow };
    try {
      const run = await this.host.startRun(this, this.number + 1, record);
      this.number++;
      this.currentRecord = run.identity.record;
      await this.keepPromises(run);
      return { kind: 'running', run };
    } catch (error) {
      this.currentRecord = record;
      return this.after(this.host.failedStart(this, error));
    }
  }

  /** It may have been stopped or let go of while it was started. */
  private async keepPromises(run: LiveRun): Promise<void> {
    if (this.isReleased) run.release();
    else if (this.isHeld) await run.stop(this.spec.stopSignal, this.spec.stopGraceMs, new AbortController().signal);
  }
}
