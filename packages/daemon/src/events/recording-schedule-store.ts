import type { WorkloadKey } from '../schedule/workload-key.js';
import type {
  HistoryItem,
  LoadedEntry,
  NumberedHistoryItem,
  ScheduleProgress,
  ScheduleStore,
  StoreChange,
} from '../schedule/store/schedule-store.js';
import { keyText } from '../schedule/workload-key.js';
import type { WorkloadPulse } from '../observation/workload-pulse.js';
import type { EventDraft } from './event-draft.js';

/** What the backends tell themselves of the runs. */
const toldByBackends: ReadonlySet<string> = new Set(['started', 'adopted', 'ended']);

/** A store whose history becomes events as well: `schedule.enabled`, `schedule.gave-up`, … */
export class RecordingScheduleStore implements ScheduleStore {
  private readonly onTrial = new Set<string>();

  constructor(
    private readonly store: ScheduleStore,
    private readonly publish: (draft: EventDraft) => void,
    private readonly pulse: WorkloadPulse,
  ) {}

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

  async commit(changes: readonly StoreChange[]): Promise<void> {
    await this.store.commit(changes);
    for (const change of changes) this.noteChange(change);
    for (const change of changes) this.pulse.beat(change.kind === 'put' ? change.entry.key : change.key);
  }

  keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    this.store.keepProgress(key, progress);
    this.pulse.beat(key);
  }

  keepHistory(item: HistoryItem): void {
    this.store.keepHistory(item);
    const { key, timestampMs, type, message } = item;
    if (!toldByBackends.has(type)) this.publish({ type: `schedule.${type}`, timestampMs, workload: key, message });
    this.pulse.beat(key);
  }

  history(key: WorkloadKey): Promise<NumberedHistoryItem[]> {
    return this.store.history(key);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.store[Symbol.asyncDispose]();
  }

  private noteChange(change: StoreChange): void {
    const key = change.kind === 'put' ? change.entry.key : change.key;
    const text = keyText(key);
    if (change.kind === 'put' && change.onTrial) this.onTrial.add(text);
    else if (change.kind === 'delete') this.tellOfDeletion(key, this.onTrial.delete(text));
    else this.onTrial.delete(text);
  }

  private tellOfDeletion(key: WorkloadKey, wasOnTrial: boolean): void {
    const type = wasOnTrial ? 'schedule.taken-back' : 'schedule.destroyed';
    const message = wasOnTrial ? 'it could not run, and is not scheduled' : 'destroyed';
    this.publish({ type, timestampMs: Date.now(), workload: key, message });
  }
}
