import type { WorkloadKey } from '../workload-key.js';
import type {
  HistoryItem,
  LoadedEntry,
  NumberedHistoryItem,
  ScheduleProgress,
  ScheduleStore,
  StoreChange,
} from './schedule-store.js';

/** Passes everything on to a store, for those who want to see some of it on its way. */
export class ForwardingScheduleStore implements ScheduleStore {
  constructor(protected readonly store: ScheduleStore) {}

  get id(): string {
    return this.store.id;
  }

  get notice(): string {
    return this.store.notice;
  }

  get lastRevision(): number {
    return this.store.lastRevision;
  }

  load(): Promise<LoadedEntry[]> {
    return this.store.load();
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    return this.store.commit(changes);
  }

  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    this.store.keepProgress(key, progress);
  }

  keepHistory(item: HistoryItem): void {
    this.store.keepHistory(item);
  }

  history(key: WorkloadKey): Promise<NumberedHistoryItem[]> {
    return this.store.history(key);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.store[Symbol.asyncDispose]();
  }
}
