import { type backend, kindWord, type meta } from '@aurae/proto';
import type { WorkloadNewsListener } from '../observation/workload-news.js';
import { isLiving } from '../schedule/supervision/run-outcome.js';
import { keyText } from '../schedule/workload-key.js';
import { shownName } from './event-draft.js';
import type { EventJournal } from './event-journal.js';
import { type ToldState, workloadEventOf } from './workload-events.js';

/** The types that are about what a workload does, and so tell what was last told of it. */
const workloadTypes = 'workload.';

interface Told extends ToldState {
  readonly workload: meta.WorkloadReference;
}

/**
 * Makes events of what the backends tell, each once: after a start of the daemon, what has changed meanwhile is told, and
 * what was told before is not.
 */
export class EventRecorder implements WorkloadNewsListener {
  private readonly told = new Map<string, Told>();
  /** When the newest event happened that was there before. */
  private resumedMs = 0;

  constructor(private readonly journal: Pick<EventJournal, 'publish' | 'history'>) {}

  /** Reads what was told before. Before the first news. */
  async resume(signal: AbortSignal): Promise<void> {
    for await (const { workload, type, timestampMs, attributes } of this.journal.history(signal)) {
      this.resumedMs = Math.max(this.resumedMs, Number(timestampMs));
      if (!workload || !type.startsWith(workloadTypes)) continue;
      this.note({ workload, type, startedAtMs: Number(attributes['started_at_ms'] ?? timestampMs) });
    }
  }

  onSnapshot(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void {
    for (const [name, event] of known) {
      // What ended long ago, and of which the history tells nothing any more, is no news.
      const isNews = isLiving(event) || this.told.has(told({ kind, name })) || this.isRecent(event);
      if (isNews) this.tell({ kind, name }, event);
    }
    const names = new Set([...known.keys()].map(shownName));
    for (const { workload } of [...this.told.values()]) {
      if (workload.kind === kind && !names.has(workload.name)) this.tellGone(workload);
    }
  }

  onEvent(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    this.tell({ kind, name: event.workload?.name ?? '' }, event);
  }

  onSight(kind: meta.WorkloadKind, lostBecause: string | undefined): void {
    const isLost = lostBecause !== undefined;
    this.journal.publish({
      type: isLost ? 'backend.degraded' : 'backend.recovered',
      timestampMs: Date.now(),
      message: isLost ? `what its workloads do is not known: ${lostBecause}` : 'its workloads are in sight again',
      attributes: { kind: kindWord(kind) },
    });
  }

  private isRecent({ startedAtMs }: backend.WorkloadEvent): boolean {
    return this.resumedMs > 0 && Number(startedAtMs) > this.resumedMs;
  }

  private tell(workload: meta.WorkloadReference, event: backend.WorkloadEvent): void {
    const news = workloadEventOf({ ...event, workload }, this.told.get(told(workload)));
    if (!news) return;
    this.note({ workload, ...news.state });
    this.journal.publish(news.draft);
  }

  private tellGone(workload: meta.WorkloadReference): void {
    this.told.delete(told(workload));
    const message = 'is not known to its backend any more';
    this.journal.publish({ type: 'workload.removed', timestampMs: Date.now(), workload, message });
  }

  private note(state: Told): void {
    const { kind, name } = state.workload;
    const workload = { kind, name: shownName(name) };
    if (state.type === 'workload.removed') this.told.delete(told(workload));
    else this.told.set(told(workload), { ...state, workload });
  }
}

/** As the history calls it. */
function told({ kind, name }: meta.WorkloadReference): string {
  return keyText({ kind, name: shownName(name) });
}
