import { type CallContext, kindWord, meta } from '@aurae/proto';
import type { Counter, Gauge } from 'prom-client';
import type { WorkloadNews } from '../observation/workload-news.js';
import { unhurried } from '../schedule/unhurried.js';
import { keyText, type WorkloadKey } from '../schedule/workload-key.js';
import { allStateLabels, stateLabel, workloadLabels } from './metric-labels.js';
import type { MetricRegistry } from './metric-registry.js';
import type { ScheduledState } from './scheduled-states.js';
import { type ScrapedMetrics, sliceMs } from './scraped-metrics.js';

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;
const kinds = [WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE].map(kindWord);

type StateGauge = Gauge<'kind' | 'state'>;

/** What there is, what is scheduled, and how often it was restarted. */
export class WorkloadMetrics implements ScrapedMetrics {
  readonly subject = 'workloads';
  private readonly known: StateGauge;
  private readonly scheduled: StateGauge;
  private readonly restarts: Counter<'kind' | 'name'>;
  private readonly leftOut: Gauge;

  constructor(
    registry: MetricRegistry,
    private readonly news: Pick<WorkloadNews, 'all'>,
    private readonly schedule: () => Iterable<ScheduledState>,
    /** How many have a series of their own. */
    private readonly seriesLimit: number,
  ) {
    const labels = ['kind', 'state'] as const;
    this.known = registry.gauge('aurae_workloads', 'Workloads that the backends know, ended ones included', labels);
    this.scheduled = registry.gauge('aurae_scheduled_workloads', 'Workloads of the schedule', labels);
    this.restarts = registry.counter(
      'aurae_workload_restarts_total',
      'Restarts by its policy since the workload was started, or since it was scheduled',
      ['kind', 'name'],
    );
    this.leftOut = registry.gauge(
      'aurae_workload_restarts_left_out',
      'Workloads that have no aurae_workload_restarts_total, because there are too many',
    );
  }

  async refresh({ signal }: CallContext): Promise<void> {
    clearStates(this.known);
    clearStates(this.scheduled);
    const restarts = new Map<string, Restarts>();
    for (const { key, status, restarts: times } of this.schedule()) {
      this.scheduled.inc({ kind: kindWord(key.kind), state: stateLabel(status) });
      restarts.set(keyText(key), { key, times });
    }
    for await (const { kind, event } of unhurried([...this.news.all()], sliceMs)) {
      // The next scrape may have begun anew.
      if (signal.aborted) return;
      if (event.removed) continue;
      this.known.inc({ kind: kindWord(kind), state: stateLabel(event.status) });
      const key = { kind, name: event.workload?.name ?? '' };
      const text = keyText(key);
      // One that is scheduled is restarted by the schedule, and by nobody else.
      if (!restarts.has(text)) restarts.set(text, { key, times: event.restarts });
    }
    await this.tellRestarts([...restarts.values()], signal);
  }

  private async tellRestarts(all: readonly Restarts[], signal: AbortSignal): Promise<void> {
    this.restarts.reset();
    for await (const { key, times } of unhurried(all.slice(0, this.seriesLimit), sliceMs)) {
      if (signal.aborted) return;
      this.restarts.inc({ ...workloadLabels(key) }, times);
    }
    this.leftOut.set(Math.max(0, all.length - this.seriesLimit));
  }
}

interface Restarts {
  readonly key: WorkloadKey;
  readonly times: number;
}

/** A state that nothing is in is 0, so that it can be seen to become so. */
function clearStates(gauge: StateGauge): void {
  for (const kind of kinds) for (const state of allStateLabels) gauge.set({ kind, state }, 0);
}
