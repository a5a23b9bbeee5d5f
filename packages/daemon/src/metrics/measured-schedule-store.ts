import type { Counter, Histogram } from 'prom-client';
import { ForwardingScheduleStore } from '../schedule/store/forwarding-schedule-store.js';
import type { ScheduleStore, StoreChange } from '../schedule/store/schedule-store.js';
import type { MetricRegistry } from './metric-registry.js';

/** Seconds: from a disk that takes a decision at once to one that is overloaded. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** How long the store of the schedule takes for decisions. */
export class StoreMetrics {
  private readonly durations: Histogram;
  private readonly failures: Counter;

  constructor(registry: MetricRegistry) {
    this.durations = registry.histogram(
      'aurae_schedule_commit_duration_seconds',
      'How long it took until a decision of the schedule was on the disk, failures included',
      buckets,
    );
    this.failures = registry.counter(
      'aurae_schedule_commit_failures_total',
      'Decisions of the schedule that its store did not take',
    );
  }

  /** The store itself, timed. */
  measure(store: ScheduleStore): ScheduleStore {
    return new MeasuredScheduleStore(store, this);
  }

  async time(commit: Promise<void>): Promise<void> {
    const begunAt = performance.now();
    try {
      await commit;
    } catch (error) {
      this.failures.inc();
      throw error;
    } finally {
      this.durations.observe((performance.now() - begunAt) / 1000);
    }
  }
}

class MeasuredScheduleStore extends ForwardingScheduleStore {
  constructor(
    store: ScheduleStore,
    private readonly metrics: StoreMetrics,
  ) {
    super(store);
  }

  override commit(changes: readonly StoreChange[]): Promise<void> {
    return this.metrics.time(super.commit(changes));
  }
}
