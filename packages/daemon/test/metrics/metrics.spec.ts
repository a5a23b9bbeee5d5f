import { backend, callContext, meta, NotFoundError, observe, ResourceExhaustedError, runtime } from '@aurae/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workloadLabels } from '../../src/metrics/metric-labels.js';
import { MemoryScheduleStore } from '../schedule/fakes/memory-schedule-store.js';
import { executable, MetricsFixture, usage } from './metrics-fixture.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_STANDBY } = meta.Status;
const runtimeMethods = [{ definition: runtime.RuntimeService }];

function ended(method: string, durationMs: number, error?: unknown) {
  return { method, durationMs, error, context: callContext() };
}

test('calls are counted by method and code, and timed', async () => {
  const fixture = MetricsFixture.open(10, runtimeMethods);
  const { calls } = fixture.metrics;
  fixture.calls.inFlight = 4;
  calls.onEnded(ended('/runtime.Runtime/Exec', 20));
  calls.onEnded(ended('/runtime.Runtime/Exec', 20));
  calls.onEnded(ended('/runtime.Runtime/ExecutableStop', 1, new NotFoundError('There is none')));
  calls.onEnded(ended('/runtime.Runtime/ExecutableStop', 1, new Error('a fault')));
  const text = await fixture.scrape();
  const total = (method: string, code: string) =>
    text.value('aurae_rpc_calls_total', { method: `runtime.Runtime/${method}`, code });
  expect(total('Exec', 'OK')).toBe(2);
  expect(total('ExecutableStop', 'NOT_FOUND')).toBe(1);
  expect(total('ExecutableStop', 'INTERNAL')).toBe(1);
  // Before its first call, so that a rate sees that one too.
  expect(total('ExecutableStart', 'OK')).toBe(0);
  expect(text.value('aurae_rpc_duration_seconds_sum', { method: 'runtime.Runtime/Exec' })).toBeCloseTo(0.04);
  expect(text.value('aurae_rpc_duration_seconds_bucket', { method: 'runtime.Runtime/Exec', le: '0.01' })).toBe(0);
  expect(text.value('aurae_rpc_duration_seconds_bucket', { method: 'runtime.Runtime/Exec', le: '0.025' })).toBe(2);
  expect(text.value('aurae_rpc_in_flight')).toBe(4);
});

test('a stream has no latency, and a method that is not served no label', async () => {
  const fixture = MetricsFixture.open(10, runtimeMethods);
  fixture.metrics.calls.onEnded(ended('/runtime.Runtime/Attach', 100_000));
  fixture.metrics.calls.onEnded(ended('/made.Up/Name', 5));
  fixture.metrics.calls.onEnded(ended('/made.Up/Other', 5));
  const text = await fixture.scrape();
  expect(text.value('aurae_rpc_calls_total', { method: 'runtime.Runtime/Attach', code: 'OK' })).toBe(1);
  expect(text.value('aurae_rpc_calls_total', { method: 'other' })).toBe(2);
  expect(text.samples.filter(({ name }) => name === 'aurae_rpc_duration_seconds_count')).toEqual([]);
});

test('workloads are counted by kind and state, with those that are scheduled beside them', async () => {
  const fixture = MetricsFixture.open();
  const known = (name: string, status: meta.Status, restarts = 0) => ({
    kind: executable,
    event: backend.WorkloadEvent.fromPartial({ workload: { kind: executable, name }, status, restarts }),
  });
  fixture.known = [known('a', STATUS_ACTIVE, 3), known('b', STATUS_ACTIVE), known('c', STATUS_COMPLETE)];
  fixture.scheduled = [{ key: { kind: executable, name: 'b' }, status: STATUS_STANDBY, restarts: 7 }];
  const text = await fixture.scrape();
  expect(text.value('aurae_workloads', { kind: 'executable', state: 'active' })).toBe(2);
  expect(text.value('aurae_workloads', { kind: 'executable', state: 'complete' })).toBe(1);
  expect(text.value('aurae_workloads', { kind: 'instance', state: 'error' })).toBe(0);
  expect(text.value('aurae_scheduled_workloads', { kind: 'executable', state: 'standby' })).toBe(1);
  expect(text.value('aurae_workload_restarts_total', { name: 'a' })).toBe(3);
  expect(text.value('aurae_workload_restarts_total', { name: 'b' })).toBe(7);
  fixture.known = [];
  const later = await fixture.scrape();
  expect(later.value('aurae_workloads', { kind: 'executable', state: 'active' })).toBe(0);
  expect(later.value('aurae_workload_restarts_total', { name: 'a' })).toBeUndefined();
});

test('usage is told for each workload, in base units, and gone with the workload', async () => {
  const fixture = MetricsFixture.open();
  const web = usage('web', {
    startedAtMs: 1_700_000_000_000n,
    cpuUs: 2_500_000n,
    memoryBytes: 1_048_576n,
    memoryLimitBytes: 4_194_304n,
    pids: 3,
    oomKills: 1n,
    logBytes: 77n,
    logLostRecords: 5n,
  });
  fixture.used = observe.GetWorkloadUsageResponse.fromPartial({
    workloads: [web, usage('free')],
    cpus: 8,
    memoryTotalBytes: 100n,
    memoryAvailableBytes: 60n,
  });
  const text = await fixture.scrape();
  const of = (metric: string, name = 'web') => text.value(`aurae_workload_${metric}`, { kind: 'executable', name });
  expect(of('cpu_seconds_total')).toBe(2.5);
  expect(of('memory_bytes')).toBe(1_048_576);
  expect(of('memory_limit_bytes')).toBe(4_194_304);
  expect(of('memory_limit_bytes', 'free')).toBeUndefined();
  expect(of('tasks')).toBe(3);
  expect(of('oom_killed_processes_total')).toBe(1);
  expect(of('start_time_seconds')).toBe(1_700_000_000);
  expect(of('log_bytes')).toBe(77);
  expect(of('log_lost_records_total')).toBe(5);
  expect(text.value('aurae_node_cpus')).toBe(8);
  expect(text.value('aurae_node_memory_available_bytes')).toBe(60);
  fixture.used = { ...fixture.used, workloads: [] };
  expect((await fixture.scrape()).text).not.toContain('name="web"');
});

test('beyond the limit those that have run the longest have series, and the others are counted', async () => {
  const fixture = MetricsFixture.open(2);
  const workloads = [5n, 1n, 4n, 2n, 3n].map((startedAtMs) => usage(`w${startedAtMs}`, { startedAtMs }));
  fixture.used = observe.GetWorkloadUsageResponse.fromPartial({ workloads });
  fixture.scheduled = workloads.map(({ workload }) => ({
    key: { kind: executable, name: workload?.name ?? '' },
    status: STATUS_ACTIVE,
    restarts: 1,
  }));
  const text = await fixture.scrape();
  const names = text.samples.filter(({ name }) => name === 'aurae_workload_tasks').map(({ labels }) => labels['name']);
  expect(names).toEqual(['w1', 'w2']);
  expect(text.value('aurae_workload_usage_left_out')).toBe(3);
  expect(text.samples.filter(({ name }) => name === 'aurae_workload_restarts_total')).toHaveLength(2);
  expect(text.value('aurae_workload_restarts_left_out')).toBe(3);
});

test('names of any length are short labels, and two of them never the same', () => {
  const name = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ minLength: 120, maxLength: 140, unit: 'grapheme' }));
  fc.assert(
    fc.property(name, name, (one, other) => {
      const labelOf = (text: string) => workloadLabels({ kind: executable, name: text }).name;
      expect(labelOf(one).length).toBeLessThanOrEqual(128);
      expect(labelOf(one) === labelOf(other)).toBe(one === other);
      expect(isWellFormed(labelOf(one))).toBe(isWellFormed(one));
    }),
  );
  const long = 'x'.repeat(200);
  expect(workloadLabels({ kind: executable, name: `${long}a` })).not.toEqual(
    workloadLabels({ kind: executable, name: `${long}b` }),
  );
});

/** Has no half of a character. */
function isWellFormed(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

test('backends are in one state each', async () => {
  const fixture = MetricsFixture.open();
  const { HEALTH_STATE_DEGRADED } = meta.HealthState;
  fixture.described = [
    observe.BackendStatus.fromPartial({
      kind: 'executable',
      description: { name: 'process', health: { state: HEALTH_STATE_DEGRADED } },
    }),
    observe.BackendStatus.fromPartial({ kind: 'log-sink', description: { name: 'console' } }),
  ];
  const text = await fixture.scrape();
  const health = (state: string) =>
    text.value('aurae_backend_health', { kind: 'executable', backend: 'process', state });
  expect(['serving', 'degraded', 'unavailable', 'unknown'].map(health)).toEqual([0, 1, 0, 0]);
  expect(text.value('aurae_backend_health', { kind: 'log-sink' })).toBeUndefined();
});

test('log sinks and the store of logs tell what became of records', async () => {
  const fixture = MetricsFixture.open();
  const { HEALTH_STATE_SERVING, HEALTH_STATE_UNAVAILABLE } = meta.HealthState;
  const counters = { writtenRecords: 9n, droppedRecords: 2n, pendingRecords: 4n, retries: 1n, spilledBytes: 6n };
  const sink = (name: string, state: meta.HealthState, lastErrorAtMs: bigint) =>
    observe.LogSinkStatus.fromPartial({ name, health: { state }, lastErrorAtMs, ...counters });
  fixture.sinks = [sink('loki', HEALTH_STATE_UNAVAILABLE, 2_000n), sink('file', HEALTH_STATE_SERVING, 0n)];
  fixture.store = observe.LogStoreStatus.fromPartial({ bytes: 10n, maxBytes: 20n, removedBytes: 30n, notice: 'full' });
  fixture.metrics.log.count({ level: 'warn' });
  const text = await fixture.scrape();
  const loki = (metric: string) => text.value(`aurae_log_sink_${metric}`, { sink: 'loki' });
  expect(loki('healthy')).toBe(0);
  expect(loki('written_records_total')).toBe(9);
  expect(loki('dropped_records_total')).toBe(2);
  expect(loki('pending_records')).toBe(4);
  expect(loki('retries_total')).toBe(1);
  expect(loki('spilled_bytes')).toBe(6);
  expect(loki('last_error_time_seconds')).toBe(2);
  expect(text.value('aurae_log_sink_healthy', { sink: 'file' })).toBe(1);
  expect(text.value('aurae_log_sink_last_error_time_seconds', { sink: 'file' })).toBeUndefined();
  expect(text.value('aurae_log_store_bytes')).toBe(10);
  expect(text.value('aurae_log_store_removed_bytes_total')).toBe(30);
  expect(text.value('aurae_log_store_notice')).toBe(1);
  expect(text.value('aurae_daemon_log_lines_total', { level: 'warn' })).toBe(1);
  // Counters that are told as they are: twice told is not counted twice.
  expect((await fixture.scrape()).value('aurae_log_store_removed_bytes_total')).toBe(30);
});

test('a decision of the schedule is timed, and one that its store does not take is counted', async () => {
  const fixture = MetricsFixture.open();
  const kept = new MemoryScheduleStore();
  const store = fixture.metrics.store.measure(kept);
  await store.commit([]);
  kept.nextCommits.push('before-writing');
  await expect(store.commit([])).rejects.toThrow(ResourceExhaustedError);
  const text = await fixture.scrape();
  expect(text.value('aurae_schedule_commit_duration_seconds_count')).toBe(2);
  expect(text.value('aurae_schedule_commit_failures_total')).toBe(1);
  expect(store.id).toBe(kept.id);
});

test('what cannot be told is left out and counted, and the rest is told', async () => {
  const fixture = MetricsFixture.open();
  fixture.used = observe.GetWorkloadUsageResponse.fromPartial({ workloads: [usage('web')], cpus: 8 });
  expect((await fixture.scrape()).value('aurae_workload_tasks', { name: 'web' })).toBe(0);
  fixture.readUsage = () => Promise.reject(new Error('the backend is ill'));
  for (let time = 1; time <= 2; time++) {
    const text = await fixture.scrape();
    expect(text.value('aurae_workload_tasks', { name: 'web' })).toBeUndefined();
    expect(text.value('aurae_metrics_failures_total', { subject: 'usage' })).toBe(time);
    expect(text.value('aurae_build_info', { version: '1.2.3', node: 'test-node' })).toBe(1);
  }
  // Said once, until it is over.
  expect(fixture.warnings).toHaveLength(1);
});

test('a scrape that is given up rejects, whatever hangs', async () => {
  const fixture = MetricsFixture.open();
  fixture.readUsage = () => new Promise(() => {});
  const over = new AbortController();
  const scrape = fixture.scrape('prometheus', callContext({ signal: over.signal }));
  over.abort(new Error('too late'));
  await expect(scrape).rejects.toThrow('too late');
});

test('the process tells of itself and of its event loop', async () => {
  const text = await MetricsFixture.open().scrape();
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds']) {
    expect(text.value(name), name).toBeGreaterThan(0);
  }
  for (const statistic of ['p50', 'p99', 'max']) {
    expect(text.value('aurae_event_loop_delay_seconds', { statistic })).toBeGreaterThanOrEqual(0);
  }
  expect(text.value('aurae_event_loop_utilization_ratio')).toBeLessThanOrEqual(1);
});

test('an event loop that is kept busy is seen', async () => {
  const fixture = MetricsFixture.open();
  await nextTick();
  const until = performance.now() + 200;
  while (performance.now() < until);
  await nextTick();
  expect((await fixture.scrape()).value('aurae_event_loop_delay_seconds', { statistic: 'max' })).toBeGreaterThan(0.1);
  expect((await fixture.scrape()).value('aurae_event_loop_delay_seconds', { statistic: 'max' })).toBeLessThan(0.1);
});

/** The delay is measured from tick to tick of a timer. */
function nextTick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
