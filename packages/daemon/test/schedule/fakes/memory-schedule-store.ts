import { ResourceExhaustedError } from '@aurae/proto';
import type {
  HistoryItem,
  LoadedEntry,
  NumberedHistoryItem,
  ScheduleEntry,
  ScheduleProgress,
  ScheduleStore,
  StoreChange,
} from '../../../src/schedule/store/schedule-store.js';
import { keyText, type WorkloadKey } from '../../../src/schedule/workload-key.js';

/** What a full disk is noticed by: before anything is written, or after it was, so that it is taken back. */
export type CommitFailure = 'before-writing' | 'after-writing';

interface Row {
  readonly entry: ScheduleEntry;
  /** On trial: what the next opening falls back to, which may be nothing. Absent where it is confirmed. */
  readonly trial?: { readonly before: ScheduleEntry | undefined };
}

const keptHistory = 100;

/** A store whose disk is memory: it stays what it is when an engine goes, and `reopen` does what opening a file does. */
export class MemoryScheduleStore implements ScheduleStore {
  readonly notice = '';
  lastRevision = 0;
  /** How many decisions were asked for, those that failed included. */
  commits = 0;
  /** How each of the next commits goes; what lies behind the end goes well. */
  readonly nextCommits: ('ok' | CommitFailure)[] = [];
  private rows = new Map<string, Row>();
  private readonly progress = new Map<string, ScheduleProgress>();
  private readonly items = new Map<string, NumberedHistoryItem[]>();
  private lastSequence = 0;
  private order: Promise<unknown> = Promise.resolve();

  constructor(readonly id = 'store-1') {}

  /** As it lies on the disk, what is on trial included, in the order of the revisions. */
  get entries(): ScheduleEntry[] {
    return [...this.rows.values()].map(({ entry }) => entry).sort((one, other) => one.revision - other.revision);
  }

  get onTrial(): string[] {
    return [...this.rows.values()].filter(({ trial }) => trial).map(({ entry }) => entry.key.name);
  }

  /** What a new daemon does first: takes back whatever was on trial. */
  reopen(): void {
    for (const [text, { trial }] of this.rows) {
      if (!trial) continue;
      if (trial.before) this.rows.set(text, { entry: trial.before });
      else this.drop(text);
    }
  }

  async load(): Promise<LoadedEntry[]> {
    await Promise.resolve();
    return this.entries.map((entry) => ({ entry, progress: this.progress.get(keyText(entry.key)) ?? { restarts: 0 } }));
  }

  commit(changes: readonly StoreChange[]): Promise<void> {
    this.commits += 1;
    const fate = this.nextCommits.shift() ?? 'ok';
    const done = this.order.then(() => this.write(changes, fate));
    this.order = done.catch(() => undefined);
    return done;
  }

  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    if (this.rows.has(keyText(key))) this.progress.set(keyText(key), progress);
  }

  keepHistory(item: HistoryItem): void {
    this.lastSequence += 1;
    const ofKey = this.itemsOf(item.key);
    ofKey.push({ ...item, sequence: this.lastSequence });
    if (ofKey.length > keptHistory) ofKey.shift();
    this.items.set(keyText(item.key), ofKey);
  }

  async history(key: WorkloadKey): Promise<NumberedHistoryItem[]> {
    await Promise.resolve();
    return [...this.itemsOf(key)];
  }

  /** Of what is no longer there nothing may be left. */
  get forgottenHistory(): HistoryItem[] {
    return [...this.items].flatMap(([text, items]) => (this.rows.has(text) ? [] : items));
  }

  progressOf(key: WorkloadKey): ScheduleProgress | undefined {
    return this.progress.get(keyText(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.order;
  }

  private async write(changes: readonly StoreChange[], fate: 'ok' | CommitFailure): Promise<void> {
    await Promise.resolve();
    if (fate === 'after-writing') await Promise.resolve();
    if (fate !== 'ok') throw new ResourceExhaustedError('Cannot keep the decision: the disk is full. Make room on it');
    for (const change of changes) this.take(change);
    await Promise.resolve();
  }

  private take(change: StoreChange): void {
    if (change.kind === 'put') return this.put(change.entry, change.onTrial ?? false);
    const text = keyText(change.key);
    if (change.kind === 'delete') return this.drop(text);
    const row = this.rows.get(text);
    if (row) this.rows.set(text, { entry: row.entry });
  }

  private put(entry: ScheduleEntry, onTrial: boolean): void {
    const text = keyText(entry.key);
    const present = this.rows.get(text);
    const before = present?.trial ? present.trial.before : present?.entry;
    this.rows.set(text, onTrial ? { entry, trial: { before } } : { entry });
    this.lastRevision = Math.max(this.lastRevision, entry.revision);
  }

  private drop(text: string): void {
    this.rows.delete(text);
    this.progress.delete(text);
    this.items.delete(text);
  }

  private itemsOf(key: WorkloadKey): NumberedHistoryItem[] {
    return this.items.get(keyText(key)) ?? [];
  }
}
