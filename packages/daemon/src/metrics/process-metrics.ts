import { readdir, readFile } from 'node:fs/promises';
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Counter, Gauge } from 'prom-client';
import type { MetricRegistry } from './metric-registry.js';
import type { ScrapedMetrics } from './scraped-metrics.js';

/** How often the delay of the event loop is measured. */
const resolutionMs = 20;

export interface BuildFacts {
  readonly version: string;
  /** `uname -n`. */
  readonly node: string;
}

/** The daemon as a process. What it takes to measure the event loop ends with it. */
export class ProcessMetrics implements ScrapedMetrics, Disposable {
  readonly subject = 'the process';
  private readonly delay = monitorEventLoopDelay({ resolution: resolutionMs });
  private utilization: EventLoopUtilization = performance.eventLoopUtilization();
  private readonly delays: Gauge<'statistic'>;
  private readonly busy: Gauge;
  private readonly cpu: Counter;
  private readonly resident: Gauge;
  private readonly heap: Gauge;
  private readonly descriptors: Gauge;
  private readonly maximumDescriptors: Gauge;

  constructor(registry: MetricRegistry, { version, node }: BuildFacts) {
    const build = registry.gauge('aurae_build_info', 'Always 1; the labels tell', ['version', 'node', 'nodejs']);
    build.set({ version, node, nodejs: process.versions.node }, 1);
    this.delays = registry.gauge(
      'aurae_event_loop_delay_seconds',
      'By how much the event loop was late since the last scrape',
      ['statistic'],
    );
    this.busy = registry.gauge(
      'aurae_event_loop_utilization_ratio',
      'Share of the time since the last scrape in which the event loop was busy, 0 to 1',
    );
    // As every client library of Prometheus names them.
    const startTime = registry.gauge('process_start_time_seconds', 'When the process started, Unix time');
    startTime.set(performance.timeOrigin / 1000);
    this.cpu = registry.counter('process_cpu_seconds_total', 'CPU time of the process');
    this.resident = registry.gauge('process_resident_memory_bytes', 'Resident memory of the process');
    this.heap = registry.gauge('nodejs_heap_size_used_bytes', 'Used heap of JavaScript');
    this.descriptors = registry.gauge('process_open_fds', 'Open file descriptors');
    this.maximumDescriptors = registry.gauge('process_max_fds', 'How many file descriptors may be open');
    this.delay.enable();
  }

  async refresh(): Promise<void> {
    this.tellEventLoop();
    const { user, system } = process.cpuUsage();
    this.cpu.reset();
    this.cpu.inc((user + system) / 1e6);
    const { rss, heapUsed } = process.memoryUsage();
    this.resident.set(rss);
    this.heap.set(heapUsed);
    this.descriptors.set((await readdir('/proc/self/fd')).length);
    this.maximumDescriptors.set(await readMaximumDescriptors());
  }

  [Symbol.dispose](): void {
    this.delay.disable();
  }

  private tellEventLoop(): void {
    const { delay, delays } = this;
    const now = performance.eventLoopUtilization();
    this.busy.set(performance.eventLoopUtilization(now, this.utilization).utilization);
    this.utilization = now;
    delays.set({ statistic: 'p50' }, lateness(delay.percentile(50)));
    delays.set({ statistic: 'p99' }, lateness(delay.percentile(99)));
    delays.set({ statistic: 'max' }, lateness(delay.max));
    delay.reset();
  }
}

/** What is measured is the time from one look to the next, in nanoseconds: it includes the pause between them. */
function lateness(intervalNs: number): number {
  return Math.max(0, intervalNs / 1e9 - resolutionMs / 1000);
}

async function readMaximumDescriptors(): Promise<number> {
  const limit = /^Max open files\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'latin1'))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}
