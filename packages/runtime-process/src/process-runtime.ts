import {
  type backend,
  type CallContext,
  FailedPreconditionError,
  InvalidSpecError,
  type meta,
  NotFoundError,
  observe,
  type runtime,
  ShuttingDownError,
} from '@aurae/proto';
import { CommandSessions } from './attach/command-sessions.js';
import { CommandRunner } from './command-runner.js';
import { LiveCommands } from './live-commands.js';
import { describeRuntime } from './describe-runtime.js';
import {
  type CompleteProcessRuntimeOptions,
  defaultProcessRuntimeOptions,
  type ProcessRuntimeOptions,
} from './process-runtime-options.js';
import { ProcessScanner } from './process-scanner.js';
import { UsageReader } from './usage/usage-reader.js';
import { attachWorkload } from './workload/attach-workload.js';
import type { ExecutableSupervisor } from './workload/executable-supervisor.js';
import { type OpenSupervisor, openSupervisor } from './workload/open-supervisor.js';
import { findProcess, readProcessLog, readWorkloadLog } from './workload/workload-logs.js';

/**
 * Runs executables as processes of this host. Works without the daemon. Disposing it ends the commands of callers who
 * wait for them, and lets go of the executables that were started: they run on, and the next runtime with the same
 * `stateDir` takes them over.
 */
export class ProcessRuntime implements backend.ExecutableBackend<CallContext>, AsyncDisposable {
  private readonly options: CompleteProcessRuntimeOptions;
  private readonly scanner = new ProcessScanner();
  private readonly live: LiveCommands;
  private readonly commands: CommandRunner;
  private readonly sessions: CommandSessions;
  private opened: Promise<OpenSupervisor> | undefined;
  /** Why the state directory could not be taken the last time. */
  private openFailure: Error | undefined;
  private usageReader: UsageReader | undefined;
  private isDisposed = false;

  constructor(options: ProcessRuntimeOptions = {}) {
    this.options = { ...defaultProcessRuntimeOptions, ...options };
    this.live = new LiveCommands(this.options, this.scanner);
    this.commands = new CommandRunner(this.options, this.live);
    this.sessions = new CommandSessions(this.options, this.live);
  }

  /**
   * Takes over the executables that an earlier runtime has left in the state directory. The first call that concerns
   * them does so too.
   *
   * @throws FailedPreconditionError while another runtime uses the directory
   */
  async adopt(): Promise<void> {
    if (this.options.stateDir !== undefined) await this.open(this.options.stateDir);
  }

  async describe(): Promise<meta.BackendDescription> {
    const opened = await this.opened?.catch(() => undefined);
    return describeRuntime(opened, this.openFailure);
  }

  exec(context: CallContext, request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.commands.run(request, context.signal);
  }

  async start({ signal }: CallContext, request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return (await this.supervisor('start an executable')).start(request, signal);
  }

  /** Looks, and starts nothing. An answer is no promise: the host may be another one by the time of the start. */
  async check(_: CallContext, request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return (await this.supervisor('start an executable')).check(request);
  }

  async stop({ signal }: CallContext, request: runtime.WorkloadStopRequest): Promise<runtime.ExecutableStatus> {
    return (await this.supervisor('stop an executable')).stop(request, signal);
  }

  async kill({ signal }: CallContext, request: runtime.WorkloadKillRequest): Promise<runtime.ExecutableStatus> {
    return (await this.supervisor('signal an executable')).kill(request, signal);
  }

  async list(_: CallContext, request: runtime.WorkloadListRequest): Promise<runtime.ExecutableListResponse> {
    return (await this.supervisor('list the executables')).list(request);
  }

  async remove({ signal }: CallContext, request: backend.RemoveRequest): Promise<backend.RemoveResponse> {
    await (await this.supervisor('remove an executable')).remove(request.meta?.name ?? '', signal);
    return { meta: request.meta };
  }

  async *attach(
    { signal }: CallContext,
    requests: AsyncIterable<runtime.AttachRequest>,
  ): AsyncGenerator<runtime.AttachResponse> {
    const inputs = requests[Symbol.asyncIterator]();
    const open = await firstRequest(inputs);
    if (open.target?.$case === 'executable') {
      yield* this.sessions.attach(open, inputs, signal);
      return;
    }
    const workload = (await this.supervisor('attach to an executable')).find(
      open.target?.value.name ?? '',
      'attach to',
    );
    if (workload.phase.kind !== 'running') {
      throw new FailedPreconditionError(`Cannot attach to "${workload.spec.name}": it does not run now`);
    }
    yield* attachWorkload(workload, workload.phase.run, open, inputs, signal);
  }

  async *readLog(
    { signal }: CallContext,
    request: observe.GetWorkloadLogStreamRequest,
  ): AsyncGenerator<observe.LogBatch> {
    const supervisor = await this.supervisor('read a log');
    yield* readWorkloadLog(supervisor.find(request.workload?.name ?? '', 'read the log of'), request, signal);
  }

  async *readProcessLog(
    { signal }: CallContext,
    { processId, channelType }: observe.GetSubProcessStreamRequest,
  ): AsyncGenerator<observe.LogBatch> {
    const pid = Number(processId);
    const channel = channelType === observe.LogChannelType.CHANNEL_STDERR ? 'stderr' : 'stdout';
    const output = this.live.follow(pid, channel, signal);
    if (output) {
      for await (const item of output) yield { items: [item], logId: '' };
      return;
    }
    const found = findProcess((await this.openedSupervisor())?.all() ?? [], pid);
    if (!found) {
      throw new NotFoundError(
        `Cannot stream the output of process ${pid}: it is none that runs here or ran, as far as that is remembered. ` +
          '`aurae ps -a` shows the pids',
      );
    }
    yield* readProcessLog(found, channelType, signal);
  }

  async *watch({ signal }: CallContext): AsyncGenerator<backend.WorkloadEvent> {
    yield* (await this.supervisor('watch the executables')).watch(signal);
  }

  /** Of those that have a process now: one that waits for its restart uses nothing, and is left out. */
  async usage(_: CallContext, { names }: backend.UsageRequest): Promise<backend.UsageResponse> {
    const supervisor = await this.openedSupervisor('tell what executables use');
    const all = supervisor?.all() ?? [];
    const wanted = new Set(names);
    const asked = names.length === 0 ? all : all.filter(({ spec }) => wanted.has(spec.name));
    return { workloads: (await this.usageReader?.read(asked)) ?? [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    await this.live[Symbol.asyncDispose]();
    const opened = await this.opened?.catch(() => undefined);
    await opened?.close();
  }

  dispose(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  private async supervisor(action: string): Promise<ExecutableSupervisor> {
    const supervisor = await this.openedSupervisor(action);
    if (supervisor) return supervisor;
    throw new FailedPreconditionError(`Cannot ${action}: this runtime was made without a "stateDir" to keep them in`);
  }

  private async openedSupervisor(action = 'look at the executables'): Promise<ExecutableSupervisor | undefined> {
    if (this.isDisposed) throw new ShuttingDownError(`Cannot ${action}: the daemon is shutting down`);
    const { stateDir } = this.options;
    return stateDir === undefined ? undefined : (await this.open(stateDir)).supervisor;
  }

  private async open(stateDir: string): Promise<OpenSupervisor> {
    this.opened ??= openSupervisor(stateDir, this.options, this.scanner);
    try {
      const opened = await this.opened;
      this.openFailure = undefined;
      this.live.useCgroups(opened.commandCgroups);
      this.usageReader ??= usageReaderFor(opened);
      return opened;
    } catch (error) {
      // Whatever was in the way may be gone the next time.
      this.opened = undefined;
      this.openFailure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}

function usageReaderFor({ cgroups, supervisor }: OpenSupervisor): UsageReader {
  return new UsageReader({
    placements: cgroups.placements,
    nameOf: (invocationId) => cgroups.nameOf(invocationId),
    logBytes: (workload) => supervisor.logBytes(workload),
  });
}

async function firstRequest(inputs: AsyncIterator<runtime.AttachRequest>): Promise<runtime.AttachOpen> {
  const first = await inputs.next();
  const input = first.done ? undefined : first.value.input;
  if (input?.$case === 'open' && input.value.target) return input.value;
  throw new InvalidSpecError('Cannot attach: the first request must be an open with a target', [
    { field: 'open', description: 'the first request must be an open, with a workload or an executable' },
  ]);
}
