import {
  backend,
  type CallContext,
  callContext,
  CancelledError,
  CapabilityNotSupportedError,
  meta,
  observe,
  UnavailableError,
} from '@aurae/proto';
import { availableParallelism, totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { countCpus, readNodeResources } from '../../src/services/node-resources.js';
import { type UsageSource, WorkloadUsageReader } from '../../src/services/workload-usage.js';

const { WORKLOAD_KIND_EXECUTABLE, WORKLOAD_KIND_CONTAINER, WORKLOAD_KIND_INSTANCE } = meta.WorkloadKind;

/** A backend with workloads of these names, which may fail. */
class FakeUsage implements UsageSource {
  readonly asked: string[][] = [];
  failure: Error | undefined;
  readonly backend = { usage: (context: CallContext, request: backend.UsageRequest) => this.usage(context, request) };

  constructor(
    readonly kind: meta.WorkloadKind,
    private readonly names: readonly string[],
  ) {}

  private async usage(_: CallContext, { names }: backend.UsageRequest): Promise<backend.UsageResponse> {
    this.asked.push(names);
    if (this.failure) throw this.failure;
    const shown = this.names.filter((name) => names.length === 0 || names.includes(name));
    const workloads = shown.map((name) => ({ workload: { kind: this.kind, name } }));
    return backend.UsageResponse.fromPartial({ workloads });
  }
}

class Fixture {
  readonly executables = new FakeUsage(WORKLOAD_KIND_EXECUTABLE, ['web', 'db']);
  readonly containers = new FakeUsage(WORKLOAD_KIND_CONTAINER, ['web']);
  readonly instances = new FakeUsage(WORKLOAD_KIND_INSTANCE, []);
  readonly said: string[] = [];
  private readonly reader = new WorkloadUsageReader([this.executables, this.containers, this.instances], {
    warn: (message) => void this.said.push(message),
    info: (message) => void this.said.push(message),
  });

  read(workloads: readonly Partial<meta.WorkloadReference>[] = [], signal?: AbortSignal) {
    const request = observe.GetWorkloadUsageRequest.fromPartial({ workloads: [...workloads] });
    return this.reader.read(callContext(signal ? { signal } : {}), request);
  }

  async names(workloads: readonly Partial<meta.WorkloadReference>[] = []): Promise<string[]> {
    return (await this.read(workloads)).workloads.map(({ workload }) => `${workload?.kind}/${workload?.name}`);
  }
}

test('all kinds are told, with what the node has and when that was', async () => {
  const fixture = new Fixture();
  const before = Date.now();
  const sample = await fixture.read();
  expect(sample.workloads.map(({ workload }) => workload?.name)).toEqual(['web', 'db', 'web']);
  expect(Number(sample.timestampMs)).toBeGreaterThanOrEqual(before);
  expect(sample.cpus).toBeGreaterThanOrEqual(availableParallelism());
  expect(sample.memoryTotalBytes).toBe(BigInt(totalmem()));
  expect(sample.memoryAvailableBytes).toBeGreaterThan(0n);
  expect((await fixture.read()).monotonicMs).toBeGreaterThanOrEqual(sample.monotonicMs);
});

test('only what is asked for is told, and only those who may know are asked', async () => {
  const fixture = new Fixture();
  expect(await fixture.names([{ kind: WORKLOAD_KIND_EXECUTABLE, name: 'web' }])).toEqual(['1/web']);
  expect(fixture.containers.asked).toEqual([]);
  // Without a kind: of any.
  expect(await fixture.names([{ name: 'web' }])).toEqual(['1/web', '2/web']);
  expect(await fixture.names([{ kind: WORKLOAD_KIND_INSTANCE, name: 'nobody' }])).toEqual([]);
});

test('a backend that cannot tell has none, and says nothing', async () => {
  const fixture = new Fixture();
  fixture.containers.failure = new CapabilityNotSupportedError('No usage here');
  expect(await fixture.names()).toEqual(['1/web', '1/db']);
  expect(await fixture.names([{ kind: WORKLOAD_KIND_CONTAINER, name: 'web' }])).toEqual([]);
  expect(fixture.said).toEqual([]);
});

test('a backend that fails is left out, told once, and told again when that is over', async () => {
  const fixture = new Fixture();
  fixture.containers.failure = new UnavailableError('It is down');
  for (let time = 0; time < 3; time++) expect(await fixture.names()).toEqual(['1/web', '1/db']);
  expect(fixture.said).toEqual(['Cannot tell what workloads of kind container use']);
  fixture.containers.failure = undefined;
  await fixture.names();
  await fixture.names();
  expect(fixture.said.slice(1)).toEqual(['The usage of workloads of kind container can be told again']);
});

test('the failure of the only backend that was asked is that of the call', async () => {
  const fixture = new Fixture();
  fixture.containers.failure = new UnavailableError('It is down');
  await expect(fixture.read([{ kind: WORKLOAD_KIND_CONTAINER, name: 'web' }])).rejects.toThrow('It is down');
});

test('a call that is cancelled waits for no backend', async () => {
  const fixture = new Fixture();
  const cancelled = new AbortController();
  fixture.containers.backend.usage = () => new Promise(() => {});
  const reading = fixture.read([], cancelled.signal);
  cancelled.abort(new CancelledError('The caller went away'));
  await expect(reading).rejects.toThrow(CancelledError);
});

test.each([
  ['0\n', 1],
  ['0-3\n', 4],
  ['0-3,6,8-9\n', 7],
  ['', 0],
  ['nonsense', 0],
])('%j has %i processors', (list, count) => {
  expect(countCpus(list)).toBe(count);
});

test('a node has processors and memory', async () => {
  const { cpus, memoryTotalBytes, memoryAvailableBytes } = await readNodeResources();
  expect(cpus).toBeGreaterThan(0);
  expect(memoryTotalBytes).toBeGreaterThan(memoryAvailableBytes);
});
