import { mkdtemp, rm } from 'node:fs/promises';
import { type CallContext, callContext, meta, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';
import { expect, onTestFinished, test } from 'vitest';
import { Logger } from '../../src/logging/logger.js';
import { Metrics, MetricsServer } from '../../src/metrics/index.js';
import { WorkloadNews } from '../../src/observation/workload-news.js';
import { systemScheduleClock } from '../../src/schedule/schedule-clock.js';
import { WorkloadUsageReader } from '../../src/services/workload-usage.js';
import { ScrapedText } from './scraped-text.js';

const kind = meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE;

/** Executables, and the metrics of them over HTTP. */
class Scraped {
  private constructor(
    readonly processes: ProcessRuntime,
    private readonly server: MetricsServer,
  ) {}

  static async open(): Promise<Scraped> {
    const stateDir = await mkdtemp('/tmp/aurae-metrics-');
    const log = Logger.create('error', () => undefined);
    const processes = new ProcessRuntime({ stateDir, cgroupParent: `aurae-test-${process.pid}` });
    const watch = (context: CallContext) => processes.watch(context);
    const news = new WorkloadNews({ drivers: [{ kind, watch }], clock: systemScheduleClock, log });
    const metrics = new Metrics({ version: '0.0.0', node: 'here' });
    metrics.follow({
      services: [],
      calls: { inFlight: 0 },
      news,
      usage: new WorkloadUsageReader([{ kind, backend: processes }], log),
      schedule: () => [],
      backends: { describeAll: async () => [] },
      logSinks: () => [],
      logStore: () => undefined,
    });
    news.add(metrics.runs);
    const server = await MetricsServer.listen('127.0.0.1:0', metrics, log);
    onTestFinished(async () => {
      await server[Symbol.asyncDispose]();
      metrics[Symbol.dispose]();
      await news[Symbol.asyncDispose]();
      const { executables } = await processes.list(callContext(), { meta: undefined, all: false });
      for (const { meta } of executables) {
        await processes.stop(callContext(), runtime.WorkloadStopRequest.fromPartial({ meta, signal: 'KILL' }));
      }
      await processes.dispose();
      await rm(stateDir, { recursive: true });
    });
    await processes.adopt();
    const known = new Promise<void>((resolve) => news.add({ onSnapshot: () => resolve() }));
    news.start();
    await known;
    return new Scraped(processes, server);
  }

  start(name: string, script: string, given: Partial<runtime.Executable> = {}) {
    const executable = runtime.Executable.fromPartial({ meta: { name }, argv: ['sh', '-c', script], ...given });
    return this.processes.start(callContext(), executable);
  }

  async scrape(): Promise<ScrapedText> {
    const accept = 'application/openmetrics-text;version=1.0.0';
    const response = await fetch(`http://${this.server.address}/metrics`, { headers: { accept, connection: 'close' } });
    expect(response.status).toBe(200);
    return new ScrapedText(await response.text());
  }

  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    return (await this.scrape()).value(name, labels) ?? -1;
  }
}

test('a busy executable is seen: its state, its processes, and CPU time that grows', async () => {
  const scraped = await Scraped.open();
  await scraped.start('busy', 'while :; do :; done');
  const cpu = () => scraped.value('aurae_workload_cpu_seconds_total', { kind: 'executable', name: 'busy' });
  await expect.poll(cpu, { timeout: 20_000 }).toBeGreaterThan(0);
  const before = await cpu();
  await expect.poll(cpu, { timeout: 20_000 }).toBeGreaterThan(before + 0.1);
  const text = await scraped.scrape();
  expect(text.value('aurae_workloads', { kind: 'executable', state: 'active' })).toBe(1);
  expect(text.value('aurae_workload_tasks', { name: 'busy' })).toBe(1);
  expect(text.value('aurae_workload_memory_bytes', { name: 'busy' })).toBeGreaterThan(0);
});

test('an out-of-memory kill is counted, by name and as an end', async () => {
  const scraped = await Scraped.open();
  const limits = { memoryBytes: 16n * 1024n * 1024n, cpuMillis: 0, pids: 0 };
  await scraped.start('eater', 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "$x"', { limits });
  const kills = () => scraped.value('aurae_workload_oom_kills_total', { kind: 'executable', name: 'eater' });
  await expect.poll(kills, { timeout: 20_000 }).toBe(1);
  expect(await scraped.value('aurae_workload_ends_total', { kind: 'executable', outcome: 'out_of_memory' })).toBe(1);
  expect(await scraped.value('aurae_workload_starts_total', { kind: 'executable' })).toBe(1);
});

test('runs are counted as they begin and end', async () => {
  const scraped = await Scraped.open();
  for (let run = 0; run < 5; run++) await scraped.start(`ok-${run}`, 'exit 0');
  await scraped.start('bad', 'exit 7');
  const ends = (outcome: string) => scraped.value('aurae_workload_ends_total', { kind: 'executable', outcome });
  await expect.poll(() => ends('completed'), { timeout: 20_000 }).toBe(5);
  await expect.poll(() => ends('failed'), { timeout: 20_000 }).toBe(1);
  expect(await scraped.value('aurae_workload_starts_total', { kind: 'executable' })).toBe(6);
  expect(await scraped.value('aurae_workloads', { kind: 'executable', state: 'complete' })).toBe(6);
});
