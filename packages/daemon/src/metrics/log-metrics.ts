import { meta, type observe } from '@aurae/proto';
import type { Counter, Gauge } from 'prom-client';
import type { MetricRegistry } from './metric-registry.js';
import type { ScrapedMetrics } from './scraped-metrics.js';

/** What the logs of workloads take on disk. */
export class LogStoreMetrics implements ScrapedMetrics {
  readonly subject = 'the logs of workloads';
  private readonly bytes: Gauge;
  private readonly uncompressedBytes: Gauge;
  private readonly maximumBytes: Gauge;
  private readonly spilledBytes: Gauge;
  private readonly removedBytes: Counter;
  private readonly removedSegments: Counter;
  private readonly notice: Gauge;

  constructor(
    registry: MetricRegistry,
    /** Undefined where nobody keeps them. */
    private readonly status: () => observe.LogStoreStatus | undefined | Promise<observe.LogStoreStatus | undefined>,
  ) {
    this.bytes = registry.gauge('aurae_log_store_bytes', 'The logs of all workloads, on disk');
    this.uncompressedBytes = registry.gauge('aurae_log_store_uncompressed_bytes', 'The same without compression');
    this.maximumBytes = registry.gauge('aurae_log_store_max_bytes', 'What they may take together; 0 without a limit');
    this.spilledBytes = registry.gauge(
      'aurae_log_store_spilled_bytes',
      'What is kept beyond that for log sinks that are behind',
    );
    this.removedBytes = registry.counter('aurae_log_store_removed_bytes_total', 'Removed to keep the limits');
    this.removedSegments = registry.counter('aurae_log_store_removed_segments_total', 'Segments that were removed so');
    this.notice = registry.gauge(
      'aurae_log_store_notice',
      '1 when there is something to be done about the store: aurae status tells what',
    );
  }

  async refresh(): Promise<void> {
    const status = await this.status();
    this.bytes.set(Number(status?.bytes ?? 0n));
    this.uncompressedBytes.set(Number(status?.uncompressedBytes ?? 0n));
    this.maximumBytes.set(Number(status?.maxBytes ?? 0n));
    this.spilledBytes.set(Number(status?.spilledBytes ?? 0n));
    become(this.removedBytes, Number(status?.removedBytes ?? 0n));
    become(this.removedSegments, Number(status?.removedSegments ?? 0n));
    this.notice.set(status === undefined || status.notice === '' ? 0 : 1);
  }
}

function become(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

type BySink = 'sink';

/** What becomes of the records that go to log sinks. */
export class LogSinkMetrics implements ScrapedMetrics {
  readonly subject = 'log sinks';
  private readonly healthy: Gauge<BySink>;
  private readonly written: Counter<BySink>;
  private readonly dropped: Counter<BySink>;
  private readonly pending: Gauge<BySink>;
  private readonly retries: Counter<BySink>;
  private readonly spilledBytes: Gauge<BySink>;
  private readonly lastErrorTime: Gauge<BySink>;

  constructor(
    registry: MetricRegistry,
    private readonly statuses: () => readonly observe.LogSinkStatus[] | Promise<readonly observe.LogSinkStatus[]>,
  ) {
    const labels = ['sink'] as const;
    this.healthy = registry.gauge('aurae_log_sink_healthy', '1 while the sink takes what it is given, else 0', labels);
    this.written = registry.counter('aurae_log_sink_written_records_total', 'Records that the sink has taken', labels);
    this.dropped = registry.counter(
      'aurae_log_sink_dropped_records_total',
      'Records that never reach the sink; it is told how many',
      labels,
    );
    this.pending = registry.gauge('aurae_log_sink_pending_records', 'Records that wait for the sink', labels);
    this.retries = registry.counter('aurae_log_sink_retries_total', 'Writes that were made again', labels);
    this.spilledBytes = registry.gauge('aurae_log_sink_spilled_bytes', 'Logs kept on disk for this sink alone', labels);
    this.lastErrorTime = registry.gauge(
      'aurae_log_sink_last_error_time_seconds',
      'The newest failure, Unix time; absent before the first',
      labels,
    );
  }

  async refresh(): Promise<void> {
    const statuses = await this.statuses();
    for (const metric of [this.written, this.dropped, this.retries]) metric.reset();
    for (const status of statuses) this.tell(status);
  }

  private tell(status: observe.LogSinkStatus): void {
    const labels = { sink: status.name };
    this.healthy.set(labels, status.health?.state === meta.HealthState.HEALTH_STATE_SERVING ? 1 : 0);
    this.written.inc(labels, Number(status.writtenRecords));
    this.dropped.inc(labels, Number(status.droppedRecords));
    this.pending.set(labels, Number(status.pendingRecords));
    this.retries.inc(labels, Number(status.retries));
    this.spilledBytes.set(labels, Number(status.spilledBytes));
    if (status.lastErrorAtMs > 0n) this.lastErrorTime.set(labels, Number(status.lastErrorAtMs) / 1000);
  }
}
