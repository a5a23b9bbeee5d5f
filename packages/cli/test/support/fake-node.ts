import { CapabilityNotSupportedError, meta, NotFoundError, observe, runtime } from '@aurae/proto';
import type { TestServices } from '../../../client/test/support/test-daemon.js';

interface FakeWorkload {
  readonly status: runtime.DeepPartial<runtime.ExecutableStatus>;
  /** CPU time in a second, microseconds. */
  readonly cpuUsInSecond?: number;
  readonly usage?: runtime.DeepPartial<observe.WorkloadUsage>;
}

/** A node in memory with executables, whose clock of samples goes on by a second with each of them. */
export class FakeNode {
  readonly executables = new Map<string, FakeWorkload>();
  readonly stopped: string[] = [];
  readonly killed: string[] = [];
  samples = 0;
  lists = 0;
  usageFailure: Error | undefined;
  stopFailure: Error | undefined;
  logOf: (name: string) => readonly string[] = () => [];
  private readonly waiting = new Set<() => void>();
  private readonly events: observe.Event[] = [];

  add(name: string, workload: Partial<FakeWorkload> = {}): this {
    const status = { meta: { name }, status: meta.Status.STATUS_ACTIVE, ...workload.status };
    this.executables.set(name, { ...workload, status });
    return this;
  }

  /** Tells those who watch that something has changed. */
  happen(type = 'workload.started'): void {
    this.events.push(observe.Event.fromPartial({ sequence: this.events.length + 1, type }));
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }

  services(): TestServices {
    const unsupported = async () => {
      throw new CapabilityNotSupportedError('This node has no such backend');
    };
    return {
      runtime: {
        executableList: async () => {
          this.lists += 1;
          const executables = [...this.executables.values()].map(({ status }) => status);
          return runtime.ExecutableListResponse.fromPartial({ executables });
        },
        containerList: unsupported,
        instanceList: unsupported,
        executableStop: async (_context, request) => {
          const name = request.meta?.name ?? '';
          if (this.stopFailure) throw this.stopFailure;
          if (!this.executables.delete(name)) throw new NotFoundError(`Cannot find the executable "${name}"`);
          this.stopped.push(name);
          this.happen('workload.ended');
          return runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE });
        },
        executableKill: async (_context, request) => {
          this.killed.push(request.meta?.name ?? '');
          return runtime.ExecutableStatus.fromPartial({});
        },
      },
      observe: {
        status: async () => observe.StatusResponse.fromPartial({ node: 'machine' }),
        getWorkloadUsage: async () => this.sample(),
        watchEvents: (context) => this.watch(context.signal),
        getWorkloadLogStream: (context, request) => this.readLog(context.signal, request.workload?.name ?? ''),
      },
    };
  }

  private async *readLog(signal: AbortSignal, name: string): AsyncGenerator<observe.LogBatch> {
    const items = this.logOf(name).map((line, index) =>
      observe.LogItem.fromPartial({ channel: 'stdout', line, sequence: index + 1 }),
    );
    yield { items, logId: 'log' };
    await aborted(signal);
  }

  private sample(): observe.GetWorkloadUsageResponse {
    if (this.usageFailure) throw this.usageFailure;
    this.samples += 1;
    const workloads = [...this.executables]
      .filter(([, { status }]) => status.status === meta.Status.STATUS_ACTIVE)
      .map(([name, { usage, cpuUsInSecond = 0 }]) => ({
        workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name },
        startedAtMs: 1,
        cpuUs: BigInt(this.samples * cpuUsInSecond),
        ...usage,
      }));
    return observe.GetWorkloadUsageResponse.fromPartial({
      monotonicMs: BigInt(this.samples * 1000),
      cpus: 4,
      memoryTotalBytes: 8n * 1024n ** 3n,
      memoryAvailableBytes: 5n * 1024n ** 3n,
      workloads,
    });
  }

  private async *watch(signal: AbortSignal): AsyncGenerator<observe.Event> {
    for (let next = this.events.length; ; ) {
      const event = this.events[next];
      if (event) {
        next += 1;
        yield event;
        continue;
      }
      await Promise.race([new Promise<void>((resolve) => this.waiting.add(resolve)), aborted(signal)]);
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
