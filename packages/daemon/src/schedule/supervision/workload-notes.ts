import type { ScheduleClock } from '../schedule-clock.js';
import type { ScheduleProgress, ScheduleStore } from '../store/schedule-store.js';
import type { WorkloadKey } from '../workload-key.js';

/** What of a workload is written down beside the decisions: its progress and its history. */
export class WorkloadNotes {
  private isClosed = false;

  constructor(
    private readonly key: WorkloadKey,
    private current: ScheduleProgress,
    private readonly store: ScheduleStore,
    private readonly clock: ScheduleClock,
  ) {}

  get progress(): ScheduleProgress {
    return this.current;
  }

  /** Something has happened. `message`: for a person. */
  add(type: string, message: string, pid = 0): void {
    const item = { key: this.key, timestampMs: this.clock.now(), type, message };
    if (!this.isClosed) this.store.keepHistory(pid === 0 ? item : { ...item, pid });
  }

  keep(change: Partial<ScheduleProgress>): void {
    this.current = { ...this.current, ...change };
    if (!this.isClosed) this.store.keepProgress(this.key, this.current);
  }

  /** Another spec begins: what belongs to the one before holds no more. How it ended last is still of interest. */
  beginAnew(): void {
    const { lastOutcome } = this.current;
    this.isClosed = false;
    this.current = { restarts: 0, ...(lastOutcome ? { lastOutcome } : {}) };
    this.keep({});
  }

  /** What was before holds again. */
  return(progress: ScheduleProgress): void {
    this.current = progress;
    this.keep({});
  }

  /** It is forgotten: nothing is written any more. */
  close(): void {
    this.isClosed = true;
  }
}
