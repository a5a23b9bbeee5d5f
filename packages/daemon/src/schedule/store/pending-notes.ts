import { keyText, type WorkloadKey } from '../workload-key.js';
import { formatProgress } from './progress-text.js';
import type { HistoryItem, NumberedHistoryItem, ScheduleProgress } from './schedule-store.js';

/** What waits of the history, of all workloads. */
const maximumItems = 10_000;

export interface PendingProgress {
  readonly key: WorkloadKey;
  readonly text: string;
  /** Comes after the decisions up to this one. */
  readonly after: number;
}

export interface PendingItem {
  readonly item: NumberedHistoryItem;
  readonly after: number;
}

/** What has to be written together, and is forgotten once that is done. */
export interface NotesToWrite {
  readonly progress: readonly PendingProgress[];
  readonly items: readonly PendingItem[];
}

/** Progress and history that are not on the disk yet. Bounded: the last progress of each workload, the last items of all. */
export class PendingNotes {
  private readonly progress = new Map<string, PendingProgress>();
  private items: PendingItem[] = [];
  private dropped = 0;

  constructor(private lastSequence: number) {}

  get isEmpty(): boolean {
    return this.progress.size === 0 && this.items.length === 0;
  }

  addProgress(key: WorkloadKey, value: ScheduleProgress, after: number): void {
    const text = keyText(key);
    // Anew, so that they stay in the order of the calls.
    this.progress.delete(text);
    this.progress.set(text, { key, text: formatProgress(value), after });
  }

  addItem(item: HistoryItem, after: number): void {
    this.lastSequence += 1;
    this.items.push({ item: { ...item, message: shortened(item.message), sequence: this.lastSequence }, after });
    // A tenth at once: what is dropped one by one costs a copy each time.
    if (this.items.length > maximumItems) this.dropped += this.items.splice(0, maximumItems / 10).length;
  }

  itemsOf(key: WorkloadKey): NumberedHistoryItem[] {
    const text = keyText(key);
    return this.items.map(({ item }) => item).filter((item) => keyText(item.key) === text);
  }

  /** Everything that comes before the decision after this one. */
  upTo(decision: number): NotesToWrite {
    const isDue = ({ after }: { readonly after: number }) => after <= decision;
    return { progress: [...this.progress.values()].filter(isDue), items: this.items.filter(isDue) };
  }

  /** They are on the disk. Answers with how many others were dropped for want of room since the last time. */
  written({ progress, items }: NotesToWrite): number {
    for (const pending of progress) {
      const text = keyText(pending.key);
      if (this.progress.get(text) === pending) this.progress.delete(text);
    }
    const written = new Set(items);
    if (written.size > 0) this.items = this.items.filter((pending) => !written.has(pending));
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  /** The workloads were deleted by this decision. */
  forget(keys: readonly WorkloadKey[], decision: number): void {
    if (keys.length === 0) return;
    const texts = new Set(keys.map(keyText));
    for (const text of texts) {
      if ((this.progress.get(text)?.after ?? decision) < decision) this.progress.delete(text);
    }
    this.items = this.items.filter(({ item, after }) => after >= decision || !texts.has(keyText(item.key)));
  }
}

const longestMessage = 1000;

/** The number of items is bounded, and so their size has to be. */
function shortened(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage)}…`;
}
