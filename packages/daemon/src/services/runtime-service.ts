import {
  type CallContext,
  executableName,
  FailedPreconditionError,
  InvalidSpecError,
  isAuraeError,
  meta,
  runtime,
} from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import { currentCall } from '../logging/log-context.js';
import { workloadText } from '../logging/workload-text.js';
import { ownLabelFault } from '../schedule/schedule-mark.js';
import { ContainerBackend, ExecutableBackend, InstanceBackend, ScheduleEngine } from '../tokens.js';

type Served =
  | 'exec'
  | 'executableStart'
  | 'executableStop'
  | 'executableKill'
  | 'executableList'
  | 'executableRemove'
  | 'attach';
import { scheduledInstead, tellIfScheduled } from './scheduled-instead.js';

/** `runtime.Runtime`: work done while the caller waits, handed to the backend of its kind. */
@injectable()
export class RuntimeService implements Pick<runtime.Runtime<CallContext>, Served> {
  constructor(
    @inject(ExecutableBackend) private readonly executables: ExecutableBackend,
    @inject(ContainerBackend) private readonly containers: ContainerBackend,
    @inject(InstanceBackend) private readonly instances: InstanceBackend,
    @inject(ScheduleEngine) private readonly schedule: ScheduleEngine,
  ) {}

  exec(context: CallContext, executable: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.executables.exec(context, executable);
  }

  async executableStart(context: CallContext, executable: runtime.Executable): Promise<runtime.ExecutableStatus> {
    this.refuseOwnLabels(executable);
    this.refuseScheduled(executable);
    return await this.executables.start(context, executable);
  }

  /** A scheduled one that waits for its start has nothing to be stopped, and waits no longer. */
  async executableStop(context: CallContext, request: runtime.WorkloadStopRequest): Promise<runtime.ExecutableStatus> {
    const name = request.meta?.name ?? '';
    const wasHeld = await this.schedule.hold(executableKey(name), context.signal);
    try {
      return await this.executables.stop(context, request);
    } catch (error) {
      if (!wasHeld || !isAuraeError(error) || error.reason !== 'NOT_FOUND') {
        throw scheduledInstead(this.schedule, executableKey(name), 'stop', error);
      }
      return runtime.ExecutableStatus.fromPartial({
        meta: { name, message: 'It waited for its start, and does so no longer.' },
        status: meta.Status.STATUS_COMPLETE,
        stopped: true,
      });
    }
  }

  executableKill(context: CallContext, request: runtime.WorkloadKillRequest): Promise<runtime.ExecutableStatus> {
    const key = executableKey(request.meta?.name ?? '');
    return tellIfScheduled(this.schedule, key, 'signal', () => this.executables.kill(context, request));
  }

  executableList(context: CallContext, request: runtime.WorkloadListRequest): Promise<runtime.ExecutableListResponse> {
    return this.executables.list(context, request);
  }

  async executableRemove(
    context: CallContext,
    request: runtime.WorkloadRemoveRequest,
  ): Promise<runtime.WorkloadRemoveResponse> {
    const key = executableKey(request.meta?.name ?? '');
    const remove = () => this.executables.remove(context, request);
    const { meta: removed } = await tellIfScheduled(this.schedule, key, 'remove', remove);
    return { meta: removed };
  }

  /** The first request says whose conversation it is; the backend gets it again with the others. */
  async *attach(
    context: CallContext,
    requests: AsyncIterable<runtime.AttachRequest>,
  ): AsyncGenerator<runtime.AttachResponse> {
    const inputs = requests[Symbol.asyncIterator]();
    const first = await inputs.next();
    const input = first.done ? undefined : first.value.input;
    const target = input?.$case === 'open' ? input.value.target : undefined;
    if (target?.$case === 'workload') currentCall()?.noteWorkload(workloadText(target.value));
    const backend = this.backendFor(input);
    yield* backend.attach(context, withFirst(first.value as runtime.AttachRequest, inputs));
  }

  private refuseOwnLabels({ labels }: runtime.Executable): void {
    const description = ownLabelFault(labels);
    if (description === undefined) return;
    throw new InvalidSpecError(`Cannot start the executable: ${description}`, [{ field: 'labels', description }]);
  }

  private refuseScheduled(executable: runtime.Executable): void {
    const name = executableName(executable);
    if (!this.schedule.isEnabled(executableKey(name))) return;
    throw new FailedPreconditionError(
      `Cannot start "${name}": it is scheduled, and the schedule starts it. \`aurae restart ${name}\` starts it anew, ` +
        `\`aurae why ${name}\` tells what it waits for`,
    );
  }

  private backendFor(input: runtime.AttachRequest['input']): Pick<ExecutableBackend, 'attach'> {
    const target = input?.$case === 'open' ? input.value.target : undefined;
    if (target?.$case === 'executable') return this.executables;
    switch (target?.value.kind) {
      case meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE:
        return this.executables;
      case meta.WorkloadKind.WORKLOAD_KIND_CONTAINER:
        return this.containers;
      case meta.WorkloadKind.WORKLOAD_KIND_INSTANCE:
        return this.instances;
      default:
        throw new InvalidSpecError(
          'Cannot attach: the first request must be an open that names a workload or a command',
          [{ field: 'open.target', description: 'must be a workload with its kind, or an executable' }],
        );
    }
  }
}

function executableKey(name: string): meta.WorkloadReference {
  return { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
}

async function* withFirst<Item>(first: Item, rest: AsyncIterator<Item>): AsyncGenerator<Item> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
