import { type backend, kindWord, meta } from '@aurae/proto';
import type { Counter } from 'prom-client';
import type { WorkloadNewsListener } from '../observation/workload-news.js';
import { keyText } from '../schedule/workload-key.js';
import { workloadLabels } from './metric-labels.js';
import type { MetricRegistry } from './metric-registry.js';
import { type EndOutcome, endOutcomes, noteRun, type RunNote } from './run-note.js';

/** Workloads that have had a run ended for want of memory and have a series of their own. */
const namedLimit = 2_000;

const kinds = [
  meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE,
  meta.WorkloadKind.WORKLOAD_KIND_CONTAINER,
  meta.WorkloadKind.WORKLOAD_KIND_INSTANCE,
];

/** Counts what becomes of runs, from the news of all backends. What was before the first news is not counted. */
export class RunMetrics implements WorkloadNewsListener {
  private readonly starts: Counter<'kind'>;
  private readonly ends: Counter<'kind' | 'outcome'>;
  private readonly outOfMemory: Counter<'kind' | 'name'>;
  private readonly notes = new Map<meta.WorkloadKind, Map<string, RunNote>>();
  /** Keys of those that have a series of their own. */
  private readonly named = new Set<string>();

  constructor(registry: MetricRegistry) {
    this.starts = registry.counter('aurae_workload_starts_total', 'Runs that have begun, restarts included', ['kind']);
    this.ends = registry.counter('aurae_workload_ends_total', 'Runs that have ended, by how they did', [
      'kind',
      'outcome',
    ]);
    this.outOfMemory = registry.counter(
      'aurae_workload_oom_kills_total',
      'Runs that the out-of-memory killer has ended',
      ['kind', 'name'],
    );
    for (const kind of kinds.map(kindWord)) {
      this.starts.inc({ kind }, 0);
      for (const outcome of endOutcomes) this.ends.inc({ kind, outcome }, 0);
    }
  }

  onSnapshot(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void {
    const before = this.notes.get(kind);
    for (const name of before?.keys() ?? []) if (!known.has(name)) this.forget(kind, name);
    const notes = before ?? new Map<string, RunNote>();
    this.notes.set(kind, notes);
    for (const [name, event] of known) {
      if (before) this.onEvent(kind, event);
      else notes.set(name, noteRun(undefined, event).note);
    }
  }

  onEvent(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    const name = event.workload?.name ?? '';
    if (event.removed) return this.forget(kind, name);
    const notes = this.notes.get(kind);
    const { note, started, ended } = noteRun(notes?.get(name), event);
    notes?.set(name, note);
    if (started) this.starts.inc({ kind: kindWord(kind) });
    if (ended) this.countEnd({ kind, name }, ended);
  }

  private countEnd(workload: meta.WorkloadReference, outcome: EndOutcome): void {
    this.ends.inc({ kind: kindWord(workload.kind), outcome });
    if (outcome !== 'out_of_memory') return;
    const text = keyText(workload);
    if (!this.named.has(text) && this.named.size >= namedLimit) return;
    this.named.add(text);
    this.outOfMemory.inc({ ...workloadLabels(workload) });
  }

  private forget(kind: meta.WorkloadKind, name: string): void {
    this.notes.get(kind)?.delete(name);
    if (this.named.delete(keyText({ kind, name }))) this.outOfMemory.remove({ ...workloadLabels({ kind, name }) });
  }
}
