import { type BackendLog, ShuttingDownError } from '@aurae/proto';
import type { ScheduleClock } from '../schedule-clock.js';
import type { WorkloadKey } from '../workload-key.js';
import { commitFailure } from './commit-failure.js';
import { FaultLog } from './fault-log.js';
import type { NotesToWrite, PendingNotes } from './pending-notes.js';
import { runTransaction } from './run-transaction.js';
import type { HistoryItem, ScheduleProgress, StoreChange } from './schedule-store.js';
import type { SqliteWriter } from './sqlite-connection.js';
import type { StoreWitness } from './store-witness.js';
import { type NumberedDecision, transactionStatements } from './transaction-statements.js';

/** How long progress and history wait for a decision to go with. */
const flushDelayMs = 100;

/** Between two tries to write progress and history that fail: the first, and the longest. Doubled each time. */
const firstRetryMs = 500;
const longestRetryMs = 60_000;

/** Decisions that share a transaction, and so its wait for the disk, when they wait anyway. */
const largestGroup = 64;

const noNotes: NotesToWrite = { progress: [], items: [] };

interface WaitingDecision extends NumberedDecision {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Writes decisions in the order of the calls, and progress and history with them or some time later. */
export class DecisionWriter {
  private readonly waiting: WaitingDecision[] = [];
  private lastNumber = 0;
  private isFlushDue = false;
  private isClosed = false;
  private failedFlushes = 0;
  private cancelFlush: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private readonly faults: FaultLog;

  constructor(
    private readonly writer: SqliteWriter,
    private readonly notes: PendingNotes,
    private readonly clock: ScheduleClock,
    private readonly log: BackendLog,
    private readonly path: string,
    private readonly witness: StoreWitness,
    private readonly onDecided: (changes: readonly StoreChange[]) => void,
  ) {
    this.faults = new FaultLog(
      log,
      `Cannot write progress and history to the store of the schedule "${path}": they are kept in memory, and tried again`,
      `Progress and history are written to the store of the schedule "${path}" again`,
    );
  }

  decide(changes: readonly StoreChange[]): Promise<void> {
    if (this.isClosed) return Promise.reject(new ShuttingDownError('The store of the schedule is closed'));
    return new Promise((resolve, reject) => {
      this.lastNumber += 1;
      this.waiting.push({ number: this.lastNumber, changes, resolve, reject });
      this.wake();
    });
  }

  noteProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    if (this.isClosed) return;
    this.notes.addProgress(key, progress, this.lastNumber);
    this.planFlush(flushDelayMs);
  }

  noteHistory(item: HistoryItem): void {
    if (this.isClosed) return;
    this.notes.addItem(item, this.lastNumber);
    this.planFlush(flushDelayMs);
  }

  /** Tries to write everything that waits. Never fails. */
  async flush(): Promise<void> {
    this.cancelFlush?.();
    this.cancelFlush = undefined;
    this.isFlushDue = true;
    this.wake();
    await this.running;
  }

  /** Takes nothing new, and tries to write what waits. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.flush();
    this.cancelFlush?.();
  }

  private planFlush(delayMs: number): void {
    if (this.cancelFlush) return;
    this.cancelFlush = this.clock.after(delayMs, () => void this.flush());
  }

  private wake(): void {
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    // Those that are called for in the same turn are written together.
    await Promise.resolve();
    while (this.waiting.length > 0 || this.isFlushDue) {
      const group = this.waiting.splice(0, largestGroup);
      const withNotes = this.isFlushDue || this.failedFlushes === 0;
      this.isFlushDue = false;
      await this.writeTogether(group, withNotes ? this.notes.upTo(this.numberBefore(this.waiting[0])) : noNotes);
    }
    // In the same turn as the last look at what waits: nobody may come in between.
    this.running = undefined;
  }

  private numberBefore(decision: WaitingDecision | undefined): number {
    return decision ? decision.number - 1 : this.lastNumber;
  }

  private async writeTogether(group: readonly WaitingDecision[], notes: NotesToWrite): Promise<void> {
    if (group.length === 0 && isEmpty(notes)) return;
    try {
      this.witness.check();
      await runTransaction(this.writer, transactionStatements(group, notes));
    } catch (error) {
      await this.writeApart(group, notes, error);
      return;
    }
    if (!isEmpty(notes)) this.flushed(notes);
    for (const decision of group) this.decided(decision);
  }

  /** What failed together is tried alone: each decision stands for itself, and none fails for the sake of notes. */
  private async writeApart(group: readonly WaitingDecision[], notes: NotesToWrite, error: unknown): Promise<void> {
    const [first] = group;
    if (!first) return this.flushFailed(error);
    if (group.length === 1 && isEmpty(notes)) return first.reject(await commitFailure(error, this.path));
    for (const decision of group) await this.writeTogether([decision], noNotes);
    // Without those that a decision has deleted by now.
    if (!isEmpty(notes)) await this.writeTogether([], this.notes.upTo(this.numberBefore(this.waiting[0])));
  }

  private decided({ number, changes, resolve }: WaitingDecision): void {
    const deleted = changes.flatMap((change) => (change.kind === 'delete' ? [change.key] : []));
    this.notes.forget(deleted, number);
    this.onDecided(changes);
    resolve();
  }

  private flushed(notes: NotesToWrite): void {
    this.failedFlushes = 0;
    const dropped = this.notes.written(notes);
    this.faults.worked();
    if (dropped > 0)
      this.log.warn(`${dropped} entries of the history were dropped: they came faster than the disk took them`);
  }

  private flushFailed(error: unknown): void {
    this.failedFlushes += 1;
    this.faults.failed(error);
    this.planFlush(Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(this.failedFlushes - 1, 10)));
  }
}

function isEmpty({ progress, items }: NotesToWrite): boolean {
  return progress.length === 0 && items.length === 0;
}
