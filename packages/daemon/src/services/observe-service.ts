import { logItems, type LogRing } from '@aurae/observe-logs';
import { type CallContext, InvalidSpecError, meta, observe } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import {
  BackendCatalog,
  ContainerBackend,
  DaemonFacts,
  DaemonLogRing,
  EventJournal,
  ExecutableBackend,
  InstanceBackend,
  LogLevels,
  NodeLogs,
  ScheduleEngine,
  WorkloadPulse,
  WorkloadUsageReader,
} from '../tokens.js';
import { daemonLogStream } from '../logging/daemon-log-stream.js';
import { scheduledInstead } from './scheduled-instead.js';
import { countScheduled, countWorkloads } from './workload-counts.js';
import { WorkloadLog } from './workload-log.js';

/** `observe.Observe`: what the node is and does. */
@injectable()
export class ObserveService implements observe.Observe<CallContext> {
  constructor(
    @inject(DaemonFacts) private readonly facts: DaemonFacts,
    @inject(BackendCatalog) private readonly backends: BackendCatalog,
    @inject(DaemonLogRing) private readonly ring: LogRing,
    @inject(ExecutableBackend) private readonly executables: ExecutableBackend,
    @inject(ContainerBackend) private readonly containers: ContainerBackend,
    @inject(InstanceBackend) private readonly instances: InstanceBackend,
    @inject(ScheduleEngine) private readonly schedule: ScheduleEngine,
    @inject(EventJournal) private readonly journal: EventJournal,
    @inject(WorkloadPulse) private readonly pulse: WorkloadPulse,
    @inject(NodeLogs) private readonly logs: NodeLogs,
    @inject(LogLevels) private readonly levels: LogLevels,
    @inject(WorkloadUsageReader) private readonly usage: WorkloadUsageReader,
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
      logStore: await this.logs.store(),
      logSinks: await this.logs.sinks(),
      oldestEvent: await this.journal.oldest(),
      newestEvent: this.journal.newest,
    });
  }

  getAuraeDaemonLogStream(
    { signal }: CallContext,
    request: observe.GetAuraeDaemonLogStreamRequest,
  ): AsyncIterable<observe.LogItem> {
    return daemonLogStream(this.ring, request, signal);
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
    const { workload } = request;
    const backend = this.backendFor(workload?.kind);
    if (!workload) return;
    const log = new WorkloadLog(workload, (...call) => backend.readLog(...call), this.schedule, this.pulse);
    try {
      yield* log.read(context, request);
    } catch (error) {
      throw scheduledInstead(this.schedule, workload, 'read the log of', error);
    }
  }

  watchEvents({ signal }: CallContext, request: observe.WatchEventsRequest): AsyncIterable<observe.Event> {
    return this.journal.watch(request, signal);
  }

  getWorkloadUsage(
    context: CallContext,
    request: observe.GetWorkloadUsageRequest,
  ): Promise<observe.GetWorkloadUsageResponse> {
    return this.usage.read(context, request);
  }

  async logLevelShow(): Promise<observe.LogLevels> {
    return this.levels.show();
  }

  async logLevelSet({ identity }: CallContext, request: observe.LogLevelSetRequest): Promise<observe.LogLevels> {
    return this.levels.set(request, identity);
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
