import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A metric as it is asked for its values. */
export interface RegisteredMetric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly metric: Counter | Gauge | Histogram;
}

/** Makes the metrics of one daemon, and knows them all. None is in the registry that a process has by default. */
export class MetricRegistry {
  private readonly metrics: RegisteredMetric[] = [];
  private readonly registers = [new Registry()];

  /** `name` ends in `_total`. */
  counter<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Counter<Label> {
    const metric = new Counter({ name, help, labelNames, registers: this.registers });
    this.metrics.push({ name, type: 'counter', metric: metric as Counter });
    return metric;
  }

  gauge<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    const metric = new Gauge({ name, help, labelNames, registers: this.registers });
    this.metrics.push({ name, type: 'gauge', metric: metric as Gauge });
    return metric;
  }

  /** `buckets`: upper bounds, ascending. */
  histogram<Label extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly Label[] = [],
  ): Histogram<Label> {
    const metric = new Histogram({ name, help, labelNames, buckets: [...buckets], registers: this.registers });
    this.metrics.push({ name, type: 'histogram', metric: metric as Histogram });
    return metric;
  }

  /** In the order in which they were made. */
  all(): readonly RegisteredMetric[] {
    return this.metrics;
  }
}
