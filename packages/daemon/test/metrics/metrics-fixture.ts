import { type backend, type CallContext, callContext, meta, observe } from '@aurae/proto';
import { onTestFinished } from 'vitest';
import { type MetricSources, Metrics } from '../../src/metrics/index.js';
import type { ExpositionFormat } from '../../src/metrics/exposition.js';
import type { ScheduledState } from '../../src/metrics/index.js';
import { ScrapedText } from './scraped-text.js';

export const executable = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE;

/** Metrics of a daemon that is made up: every source tells what a test has put here. */
export class MetricsFixture implements MetricSources {
  readonly metrics: Metrics;
  readonly warnings: string[] = [];
  services: MetricSources['services'] = [];
  calls = { inFlight: 0 };
  known: { kind: meta.WorkloadKind; event: backend.WorkloadEvent }[] = [];
  scheduled: ScheduledState[] = [];
  used: observe.GetWorkloadUsageResponse = observe.GetWorkloadUsageResponse.fromPartial({});
  described: observe.BackendStatus[] = [];
  sinks: observe.LogSinkStatus[] = [];
  store: observe.LogStoreStatus | undefined;
  /** In place of the usage. */
  readUsage: ((context: CallContext) => Promise<observe.GetWorkloadUsageResponse>) | undefined;

  readonly news = { all: () => this.known };
  readonly usage = { read: async (context: CallContext) => this.readUsage?.(context) ?? this.used };
  readonly backends = { describeAll: async () => this.described };

  private constructor(seriesLimit: number) {
    this.metrics = new Metrics({ version: '1.2.3', node: 'test-node' }, seriesLimit);
  }

  static open(seriesLimit = 2_000, services: MetricSources['services'] = []): MetricsFixture {
    const fixture = new MetricsFixture(seriesLimit);
    onTestFinished(() => fixture.metrics[Symbol.dispose]());
    fixture.services = services;
    fixture.metrics.follow(fixture);
    return fixture;
  }

  readonly schedule = () => this.scheduled;
  readonly logSinks = () => this.sinks;
  readonly logStore = () => this.store;

  async scrape(format: ExpositionFormat = 'prometheus', context = callContext()): Promise<ScrapedText> {
    const log = { warn: (message: string) => void this.warnings.push(message) };
    return new ScrapedText(await this.metrics.scrape(context, format, log));
  }
}

export function usage(name: string, given: Partial<observe.WorkloadUsage> = {}): observe.WorkloadUsage {
  return observe.WorkloadUsage.fromPartial({ workload: { kind: executable, name }, startedAtMs: 1n, ...given });
}
