import type { CallContext, observe } from '@aurae/proto';
import type { Counter, Gauge } from 'prom-client';
import { unhurried } from '../schedule/unhurried.js';
import type { WorkloadUsageReader } from '../services/workload-usage.js';
import { type WorkloadLabels, workloadLabels } from './metric-labels.js';
import type { MetricRegistry } from './metric-registry.js';
import { type ScrapedMetrics, sliceMs } from './scraped-metrics.js';

type WorkloadLabel = keyof WorkloadLabels;

/** A metric with a value for each workload. */
interface UsageMetric {
  readonly reset: () => void;
  /** Undefined: it has none. */
  readonly valueOf: (usage: observe.WorkloadUsage) => number | undefined;
  readonly tell: (labels: WorkloadLabels, value: number) => void;
}

/** What living workloads use, and what the node has. */
export class UsageMetrics implements ScrapedMetrics {
  readonly subject = 'usage';
  private readonly metrics: readonly UsageMetric[];
  private readonly leftOut: Gauge;
  private readonly cpus: Gauge;
  private readonly memory: Gauge;
  private readonly memoryAvailable: Gauge;

  constructor(
    private readonly registry: MetricRegistry,
    private readonly reader: Pick<WorkloadUsageReader, 'read'>,
    /** How many workloads have series of their own. */
    private readonly seriesLimit: number,
  ) {
    this.metrics = this.workloadMetrics();
    this.leftOut = registry.gauge(
      'aurae_workload_usage_left_out',
      'Living workloads whose usage has no series, because there are too many',
    );
    this.cpus = registry.gauge('aurae_node_cpus', 'Online processors');
    this.memory = registry.gauge('aurae_node_memory_bytes', 'Physical memory');
    this.memoryAvailable = registry.gauge(
      'aurae_node_memory_available_bytes',
      'Physical memory that can be had without swapping',
    );
  }

  async refresh(context: CallContext): Promise<void> {
    for (const metric of this.metrics) metric.reset();
    const usage = await this.reader.read(context, { workloads: [] });
    if (context.signal.aborted) return;
    this.cpus.set(usage.cpus);
    this.memory.set(Number(usage.memoryTotalBytes));
    this.memoryAvailable.set(Number(usage.memoryAvailableBytes));
    await this.tell(usage.workloads, context);
  }

  /** Those that have run the longest have series: so the same ones from scrape to scrape. */
  private async tell(usages: readonly observe.WorkloadUsage[], { signal }: CallContext): Promise<void> {
    const shown = usages.length <= this.seriesLimit ? usages : [...usages].sort(byStart).slice(0, this.seriesLimit);
    for await (const usage of unhurried(shown, sliceMs)) {
      // The next scrape may have begun anew.
      if (signal.aborted) return;
      this.tellOne(usage);
    }
    this.leftOut.set(usages.length - shown.length);
  }

  private tellOne(usage: observe.WorkloadUsage): void {
    if (!usage.workload) return;
    const labels = workloadLabels(usage.workload);
    for (const { valueOf, tell } of this.metrics) {
      const value = valueOf(usage);
      if (value !== undefined) tell(labels, value);
    }
  }

  private workloadMetrics(): UsageMetric[] {
    return [
      this.counter('cpu_seconds_total', 'CPU time of the current run', ({ cpuUs }) => Number(cpuUs) / 1e6),
      this.gauge('memory_bytes', 'Memory in use', ({ memoryBytes }) => Number(memoryBytes)),
      this.gauge('memory_limit_bytes', 'Limit of the memory; absent without one', ({ memoryLimitBytes }) =>
        memoryLimitBytes > 0n ? Number(memoryLimitBytes) : undefined,
      ),
      this.gauge('tasks', 'Processes and threads', ({ pids }) => pids),
      this.counter(
        'oom_killed_processes_total',
        'Processes of the current run that the out-of-memory killer has ended',
        ({ oomKills }) => Number(oomKills),
      ),
      this.gauge('start_time_seconds', 'When the current run started, Unix time', ({ startedAtMs }) =>
        startedAtMs > 0n ? Number(startedAtMs) / 1000 : undefined,
      ),
      this.gauge('log_bytes', 'The log of the workload, on disk', ({ logBytes }) => Number(logBytes)),
      this.counter(
        'log_lost_records_total',
        'Records of the log of the current run that could not be written',
        ({ logLostRecords }) => Number(logLostRecords),
      ),
    ];
  }

  private counter(name: string, help: string, valueOf: UsageMetric['valueOf']): UsageMetric {
    const counter: Counter<WorkloadLabel> = this.registry.counter(`aurae_workload_${name}`, help, ['kind', 'name']);
    return {
      reset: () => counter.reset(),
      valueOf,
      tell: (labels, value) => counter.inc({ ...labels }, value),
    };
  }

  private gauge(name: string, help: string, valueOf: UsageMetric['valueOf']): UsageMetric {
    const gauge: Gauge<WorkloadLabel> = this.registry.gauge(`aurae_workload_${name}`, help, ['kind', 'name']);
    return { reset: () => gauge.reset(), valueOf, tell: (labels, value) => gauge.set({ ...labels }, value) };
  }
}

function byStart(one: observe.WorkloadUsage, other: observe.WorkloadUsage): number {
  return Number(one.startedAtMs - other.startedAtMs);
}
