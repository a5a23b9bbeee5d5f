import { logItems, type LogRing } from '@aurae/observe-logs';
import { type CallContext, InvalidSpecError, meta, observe } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import {
  BackendCatalog,
  ContainerBackend,
  DaemonFacts,
  DaemonLogRing,
  ExecutableBackend,
  InstanceBackend,
  ScheduleEngine,
} from '../tokens.js';
import { scheduledInstead } from './scheduled-instead.js';
import { countScheduled, countWorkloads } from './workload-counts.js';

type Served = 'status' | 'getAuraeDaemonLogStream' | 'getSubProcessStream' | 'getWorkloadLogStream';

/** `observe.Observe`: what the node is and does. */
@injectable()
export class ObserveService implements Pick<observe.Observe<CallContext>, Served> {
  constructor(
    @inject(DaemonFacts) private readonly facts: DaemonFacts,
    @inject(BackendCatalog) private readonly backends: BackendCatalog,
    @inject(DaemonLogRing) private readonly ring: LogRing,
    @inject(ExecutableBackend) private readonly executables: ExecutableBackend,
    @inject(ContainerBackend) private readonly containers: ContainerBackend,
    @inject(InstanceBackend) private readonly instances: InstanceBackend,
    @inject(ScheduleEngine) private readonly schedule: ScheduleEngine,
  ) {}

  async status(context: CallContext): Promise<observe.StatusResponse> {
    const { version, node, startedAtMs } = this.facts;
    return observe.StatusResponse.fromPartial({
      meta: { name: node, message: `auraed ${version} serves` },
      version,
      node,
      startedAtMs: BigInt(startedAtMs),
      uptimeMs: BigInt(Date.now() - startedAtMs),
      proc: meta.ProcessMeta.fromPartial({ pid: process.pid }),
      workloads: await countWorkloads(this.executables, context),
      scheduled: countScheduled(this.schedule),
      scheduleNotice: this.schedule.supervisor.store.notice,
      backends: await this.backends.describeAll(context),
      identity: context.identity,
    });
  }

  getAuraeDaemonLogStream(
    { signal }: CallContext,
    { backlogOnly, tail }: observe.GetAuraeDaemonLogStreamRequest,
  ): AsyncIterable<observe.LogItem> {
    return this.ring.subscribe({ signal, backlogOnly, ...(tail > 0 ? { tail } : {}) });
  }

  getSubProcessStream(
    context: CallContext,
    request: observe.GetSubProcessStreamRequest,
  ): AsyncIterable<observe.LogItem> {
    return logItems(batchesOf(this.executables.readProcessLog(context, request)));
  }

  async *getWorkloadLogStream(
    context: CallContext,
    request: observe.GetWorkloadLogStreamRequest,
  ): AsyncGenerator<observe.LogBatch> {
    try {
      yield* this.backendFor(request.workload?.kind).readLog(context, request);
    } catch (error) {
      throw request.workload ? scheduledInstead(this.schedule, request.workload, 'read the log of', error) : error;
    }
  }

  private backendFor(kind: meta.WorkloadKind | undefined): Pick<ExecutableBackend, 'readLog'> {
    switch (kind) {
      case meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE:
        return this.executables;
      case meta.WorkloadKind.WORKLOAD_KIND_CONTAINER:
        return this.containers;
      case meta.WorkloadKind.WORKLOAD_KIND_INSTANCE:
        return this.instances;
      default:
        throw new InvalidSpecError('Cannot read the log: the request names no kind of workload', [
          { field: 'workload.kind', description: 'must be executable, container or instance' },
        ]);
    }
  }
}

async function* batchesOf(stream: AsyncIterable<observe.LogBatch>): AsyncGenerator<observe.LogItem[]> {
  for await (const { items } of stream) yield items;
}
