import type { WorkloadPulse } from '../observation/workload-pulse.js';
import { ForwardingScheduleStore } from '../schedule/store/forwarding-schedule-store.js';
import type { HistoryItem, ScheduleProgress, ScheduleStore, StoreChange } from '../schedule/store/schedule-store.js';
import { keyText, type WorkloadKey } from '../schedule/workload-key.js';
import type { EventDraft } from './event-draft.js';

/** What the backends tell themselves of the runs. */
const toldByBackends: ReadonlySet<string> = new Set(['started', 'adopted', 'ended']);

/** A store whose history becomes events as well: `schedule.enabled`, `schedule.gave-up`, … */
export class RecordingScheduleStore extends ForwardingScheduleStore {
  private readonly onTrial = new Set<string>();

  constructor(
    store: ScheduleStore,
    private readonly publish: (draft: EventDraft) => void,
    private readonly pulse: WorkloadPulse,
  ) {
    super(store);
  }

  override async commit(changes: readonly StoreChange[]): Promise<void> {
    await super.commit(changes);
    for (const change of changes) this.noteChange(change);
    for (const change of changes) this.pulse.beat(keyOfChange(change));
  }

  override keepProgress(key: WorkloadKey, progress: ScheduleProgress): void {
    super.keepProgress(key, progress);
    this.pulse.beat(key);
  }

  override keepHistory(item: HistoryItem): void {
    super.keepHistory(item);
    const { key, timestampMs, type, message } = item;
    if (!toldByBackends.has(type)) this.publish({ type: `schedule.${type}`, timestampMs, workload: key, message });
    this.pulse.beat(key);
  }

  private noteChange(change: StoreChange): void {
    const key = keyOfChange(change);
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

function keyOfChange(change: StoreChange): WorkloadKey {
  return change.kind === 'put' ? change.entry.key : change.key;
}
