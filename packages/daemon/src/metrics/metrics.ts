import { type CallContext, type observe, unlessAborted } from '@aurae/proto';
import type { Counter } from 'prom-client';
import type { Logger } from '../logging/logger.js';
import type { WorkloadNews } from '../observation/workload-news.js';
import type { ServedInterface } from '../server/grpc-server.js';
import type { BackendCatalog } from '../services/backend-catalog.js';
import type { WorkloadUsageReader } from '../services/workload-usage.js';
import { BackendMetrics } from './backend-metrics.js';
import { CallMetrics } from './call-metrics.js';
import { DaemonLogMetrics } from './daemon-log-metrics.js';
import { exposition, type ExpositionFormat } from './exposition.js';
import { LogSinkMetrics, LogStoreMetrics } from './log-metrics.js';
import { StoreMetrics } from './measured-schedule-store.js';
import { MetricRegistry } from './metric-registry.js';
import { type BuildFacts, ProcessMetrics } from './process-metrics.js';
import { RunMetrics } from './run-metrics.js';
import type { ScheduledState } from './scheduled-states.js';
import type { ScrapedMetrics } from './scraped-metrics.js';
import { UsageMetrics } from './usage-metrics.js';
import { WorkloadMetrics } from './workload-metrics.js';

/** What there is to be told, once all of it has been made. */
export interface MetricSources {
  readonly services: readonly Pick<ServedInterface, 'definition'>[];
  /** The registry of calls. */
  readonly calls: { readonly inFlight: number };
  readonly news: Pick<WorkloadNews, 'all'>;
  readonly usage: Pick<WorkloadUsageReader, 'read'>;
  readonly schedule: () => Iterable<ScheduledState>;
  readonly backends: Pick<BackendCatalog, 'describeAll'>;
  readonly logSinks: () => readonly observe.LogSinkStatus[] | Promise<readonly observe.LogSinkStatus[]>;
  /** Undefined where nobody keeps the logs of workloads. */
  readonly logStore: () => observe.LogStoreStatus | undefined | Promise<observe.LogStoreStatus | undefined>;
}

/** How many workloads have series of their own, of each metric. */
const defaultSeriesLimit = 2_000;

/** The metrics of one daemon. Made first, so that nothing is missed; `follow` tells it of everything else. */
export class Metrics implements Disposable {
  /** Hears of every call that ends. */
  readonly calls: CallMetrics;
  /** Hears of every line of the daemon's own log. */
  readonly log: DaemonLogMetrics;
  /** Times the store of the schedule. */
  readonly store: StoreMetrics;
  /** Hears what becomes of workloads. */
  readonly runs: RunMetrics;
  private readonly registry = new MetricRegistry();
  private readonly process: ProcessMetrics;
  private readonly failures: Counter<'subject'>;
  private readonly failing = new Set<string>();
  private readonly scraped: ScrapedMetrics[];

  constructor(
    facts: BuildFacts,
    private readonly seriesLimit = defaultSeriesLimit,
  ) {
    this.process = new ProcessMetrics(this.registry, facts);
    this.calls = new CallMetrics(this.registry);
    this.log = new DaemonLogMetrics(this.registry);
    this.store = new StoreMetrics(this.registry);
    this.runs = new RunMetrics(this.registry);
    this.scraped = [this.process, this.calls];
    this.failures = this.registry.counter('aurae_metrics_failures_total', 'Scrapes that could not tell of a subject', [
      'subject',
    ]);
  }

  /** Before the first scrape, and once. */
  follow({ services, calls, news, usage, schedule, backends, logSinks, logStore }: MetricSources): void {
    this.calls.serve(services, calls);
    this.scraped.push(
      new WorkloadMetrics(this.registry, news, schedule, this.seriesLimit),
      new UsageMetrics(this.registry, usage, this.seriesLimit),
      new BackendMetrics(this.registry, backends),
      new LogSinkMetrics(this.registry, logSinks),
      new LogStoreMetrics(this.registry, logStore),
    );
    for (const { subject } of this.scraped) this.failures.inc({ subject }, 0);
  }

  /**
   * What holds now; one at a time. What cannot be told is left out and counted. Rejects when the call's signal aborts
   * first.
   */
  async scrape(context: CallContext, format: ExpositionFormat, log: Pick<Logger, 'warn'>): Promise<string> {
    await Promise.all(this.scraped.map((each) => this.refresh(each, context, log)));
    return exposition(this.registry, format);
  }

  [Symbol.dispose](): void {
    this.process[Symbol.dispose]();
  }

  private async refresh(metrics: ScrapedMetrics, context: CallContext, log: Pick<Logger, 'warn'>): Promise<void> {
    const { subject } = metrics;
    try {
      // In an async function, so that what throws at once is caught as well.
      await unlessAborted((async () => metrics.refresh(context))(), context.signal);
      this.failing.delete(subject);
    } catch (error) {
      if (context.signal.aborted) throw error;
      this.failures.inc({ subject });
      if (!this.failing.has(subject)) log.warn(`Metrics cannot tell of ${subject}`, { error });
      this.failing.add(subject);
    }
  }
}
