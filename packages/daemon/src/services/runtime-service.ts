import { type CallContext, InvalidSpecError, meta, type runtime } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import { ContainerBackend, ExecutableBackend, InstanceBackend } from '../tokens.js';

type Served =
  | 'exec'
  | 'executableStart'
  | 'executableStop'
  | 'executableKill'
  | 'executableList'
  | 'executableRemove'
  | 'attach';

/** `runtime.Runtime`: work done while the caller waits, handed to the backend of its kind. */
@injectable()
export class RuntimeService implements Pick<runtime.Runtime<CallContext>, Served> {
  constructor(
    @inject(ExecutableBackend) private readonly executables: ExecutableBackend,
    @inject(ContainerBackend) private readonly containers: ContainerBackend,
    @inject(InstanceBackend) private readonly instances: InstanceBackend,
  ) {}

  exec(context: CallContext, executable: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.executables.exec(context, executable);
  }

  executableStart(context: CallContext, executable: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.executables.start(context, executable);
  }

  executableStop(context: CallContext, request: runtime.WorkloadStopRequest): Promise<runtime.ExecutableStatus> {
    return this.executables.stop(context, request);
  }

  executableKill(context: CallContext, request: runtime.WorkloadKillRequest): Promise<runtime.ExecutableStatus> {
    return this.executables.kill(context, request);
  }

  executableList(context: CallContext, request: runtime.WorkloadListRequest): Promise<runtime.ExecutableListResponse> {
    return this.executables.list(context, request);
  }

  async executableRemove(
    context: CallContext,
    request: runtime.WorkloadRemoveRequest,
  ): Promise<runtime.WorkloadRemoveResponse> {
    const { meta: removed } = await this.executables.remove(context, request);
    return { meta: removed };
  }

  /** The first request says whose conversation it is; the backend gets it again with the others. */
  async *attach(
    context: CallContext,
    requests: AsyncIterable<runtime.AttachRequest>,
  ): AsyncGenerator<runtime.AttachResponse> {
    const inputs = requests[Symbol.asyncIterator]();
    const first = await inputs.next();
    const backend = this.backendFor(first.done ? undefined : first.value.input);
    yield* backend.attach(context, withFirst(first.value as runtime.AttachRequest, inputs));
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

async function* withFirst<Item>(first: Item, rest: AsyncIterator<Item>): AsyncGenerator<Item> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
