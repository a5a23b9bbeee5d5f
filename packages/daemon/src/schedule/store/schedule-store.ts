import type { WorkloadKey, WorkloadSpec } from '../workload-key.js';

/** A scheduled workload, as it was decided on. */
export interface ScheduleEntry {
  readonly key: WorkloadKey;
  /** All of it, the values of environment variables included. */
  readonly spec: WorkloadSpec;
  readonly enabled: boolean;
  /** Of the decision about the spec; counts those of the node. */
  readonly revision: number;
  /** Unix milliseconds. */
  readonly decidedAtMs: number;
}

/** How a run ended. */
export interface RunOutcome {
  /** Unix milliseconds. */
  readonly endedAtMs: number;
  /** Decimal; empty when it is not known. */
  readonly exitCode: string;
  /** signal(7); 0 when it exited. */
  readonly signal: number;
  readonly outOfMemory: boolean;
  /** For a person. */
  readonly message: string;
  /** It was stopped: by hand, by a decision, or because it was unwell. */
  readonly stopped?: boolean;
}

/** What has come about since the decision. Of no harm where its last change is lost in a crash. */
export interface ScheduleProgress {
  readonly restarts: number;
  readonly lastOutcome?: RunOutcome;
  /** The run that `lastOutcome` is of. */
  readonly lastRun?: string;
  /** When the timer was last due, Unix milliseconds. */
  readonly lastDueMs?: number;
  /** The run that has become ready. */
  readonly readyRun?: string;
}

/** Something that happened to a workload or was decided about it. */
export interface HistoryItem {
  readonly key: WorkloadKey;
  /** Unix milliseconds. */
  readonly timestampMs: number;
  /** As `schedule.HistoryEntry.type`. */
  readonly type: string;
  /** For a person. */
  readonly message: string;
  readonly pid?: number;
}

/** `sequence` counts the entries of the node from 1 up. */
export type NumberedHistoryItem = HistoryItem & { readonly sequence: number };

/** A part of a decision. */
export type StoreChange =
  | {
      readonly kind: 'put';
      readonly entry: ScheduleEntry;
      /**
       * The entry stands only once it is confirmed. Until then the next opening of the store takes it back: there is the
       * entry before it, or none.
       */
      readonly onTrial?: boolean;
    }
  /** It has stood its trial. */
  | { readonly kind: 'confirm'; readonly key: WorkloadKey }
  /** Its progress and its history go with it. */
  | { readonly kind: 'delete'; readonly key: WorkloadKey };

export interface LoadedEntry {
  readonly entry: ScheduleEntry;
  readonly progress: ScheduleProgress;
}

/** Keeps the schedule of one node through crashes and power cuts. One daemon at a time uses it. */
export interface ScheduleStore extends AsyncDisposable {
  /** Of this store's own: a new one has another. Marks what the schedule starts. */
  readonly id: string;
  /** What a person should know of it, such as that it was damaged. Mostly empty. */
  readonly notice: string;
  /** The highest that was ever given to a decision; 0 in a new store. */
  readonly lastRevision: number;

  /** Everything that is kept, in the order of the revisions. */
  load(): Promise<LoadedEntry[]>;

  /**
   * One decision in one transaction. Resolves once it is on the disk; decisions reach it in the order of the calls.
   *
   * @throws ResourceExhaustedError when the disk is full, UnavailableError when it does not take it for another reason;
   *   what was before stands then
   */
  commit(changes: readonly StoreChange[]): Promise<void>;

  /** Replaces what is kept of the progress. Written soon, or with the next decision; never waits, never fails. */
  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void;

  /** Adds to the history, as `keepProgress`. The last hundred of each workload are kept; long messages are cut. */
  keepHistory(item: HistoryItem): void;

  /** The oldest first, those included that are not yet written. */
  history(key: WorkloadKey): Promise<NumberedHistoryItem[]>;
}
