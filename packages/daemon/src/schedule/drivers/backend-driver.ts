import {
  type backend,
  type CallContext,
  CapabilityNotSupportedError,
  executableName,
  FailedPreconditionError,
  meta,
  NotFoundError,
  type observe,
  runtime,
} from '@aurae/proto';
import { startedSpec } from '../spec-parts.js';
import type { WorkloadKey, WorkloadSpec } from '../workload-key.js';
import type { StartedRun, WorkloadDriver } from './workload-driver.js';

interface StatusOfStart {
  readonly meta: meta.AuraeMeta | undefined;
  readonly status: meta.Status;
  readonly proc?: meta.ProcessMeta | undefined;
  readonly startedAtMs?: bigint;
}

/** The methods that the contracts of all kinds have in common. */
export interface CommonBackend<Value> {
  describe(context: CallContext, request: backend.DescribeRequest): Promise<meta.BackendDescription>;
  check(context: CallContext, value: Value): Promise<StatusOfStart>;
  start(context: CallContext, value: Value): Promise<StatusOfStart>;
  stop(context: CallContext, request: runtime.WorkloadStopRequest): Promise<unknown>;
  watch(context: CallContext, request: backend.WatchRequest): AsyncIterable<backend.WorkloadEvent>;
  readLog(context: CallContext, request: observe.GetWorkloadLogStreamRequest): AsyncIterable<observe.LogBatch>;
}

/** How a command is run beside or inside of a workload of this kind. Answers with what is wrong. */
export type RunBeside<Value> = (
  context: CallContext,
  value: Value,
  argv: readonly string[],
) => Promise<string | undefined>;

/** Drives the backend of one kind. */
export class BackendDriver<Value> implements WorkloadDriver {
  constructor(
    readonly kind: meta.WorkloadKind,
    private readonly backend: CommonBackend<Value>,
    private readonly runBeside: RunBeside<Value>,
  ) {}

  async check(context: CallContext, spec: WorkloadSpec): Promise<string | undefined> {
    try {
      const { status, meta: named } = await this.backend.check(context, valueOf(startedSpec(spec, {})));
      return status === meta.Status.STATUS_ERROR ? named?.message || 'the backend does not say why' : undefined;
    } catch (error) {
      if (!(error instanceof CapabilityNotSupportedError)) throw error;
      await this.refuseWithoutStart(context, error);
      return undefined;
    }
  }

  async start(context: CallContext, spec: WorkloadSpec, labels: Readonly<Record<string, string>>): Promise<StartedRun> {
    const started = await this.backend.start(context, valueOf(startedSpec(spec, labels)));
    if (started.status === meta.Status.STATUS_ERROR) {
      throw new FailedPreconditionError(started.meta?.message || 'It cannot be started; the backend does not say why');
    }
    return { pid: started.proc?.pid ?? 0, startedAtMs: Number(started.startedAtMs ?? 0n) || Date.now() };
  }

  async stop(context: CallContext, { name }: WorkloadKey): Promise<void> {
    try {
      await this.backend.stop(context, { meta: { name, message: '' }, signal: '', gracePeriodMs: 0 });
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  watch(context: CallContext): AsyncIterable<backend.WorkloadEvent> {
    return this.backend.watch(context, {});
  }

  exec(context: CallContext, spec: WorkloadSpec, argv: readonly string[]): Promise<string | undefined> {
    return this.runBeside(context, valueOf(spec), argv);
  }

  readLog(context: CallContext, request: observe.GetWorkloadLogStreamRequest): AsyncIterable<observe.LogBatch> {
    return this.backend.readLog(context, request);
  }

  /** A backend that cannot check may start nevertheless; one that starts nothing need not be asked later. */
  private async refuseWithoutStart(context: CallContext, error: CapabilityNotSupportedError): Promise<void> {
    const { capabilities } = await this.backend.describe(context, {});
    if (!capabilities.includes('Start')) throw error;
  }
}

function valueOf<Value>(spec: WorkloadSpec): Value {
  return spec.value as Value;
}

/** The end of what a command has written is mostly why it failed. */
const keptOutputBytes = 4096;

/** With the executable's own user, directory and environment, on the host. */
export function execOnHost(executables: Pick<backend.ExecutableBackend<CallContext>, 'exec'>) {
  return async (context: CallContext, value: runtime.Executable, argv: readonly string[]) => {
    const { env, cwd, user } = value;
    const request = { argv: [...argv], env, cwd, user, outputLimitBytes: keptOutputBytes };
    const result = await executables.exec(context, runtime.Executable.fromPartial(request));
    return wrongOf(result, executableName(runtime.Executable.fromPartial({ argv: [...argv] })));
  };
}

/** Inside of a container or an instance. */
export function execInside<Value extends runtime.Container | runtime.Instance>(
  kind: meta.WorkloadKind,
  workloads: Pick<backend.ContainerBackend<CallContext>, 'attach'>,
) {
  return async (context: CallContext, { meta: named, name }: Value, argv: readonly string[]) => {
    const workload = { kind, name: named?.name || name };
    const open = { target: { $case: 'workload' as const, value: workload }, argv: [...argv] };
    const request = runtime.AttachRequest.fromPartial({ input: { $case: 'open', value: open } });
    for await (const { output } of workloads.attach(context, once(request))) {
      if (output?.$case === 'ended') return wrongOf(output.value, argv.join(' '));
    }
    return 'the conversation ended without an exit code';
  };
}

async function* once<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

function wrongOf({ status, exitCode, stderr, meta: named }: runtime.ExecutableStatus, command: string) {
  if (status === meta.Status.STATUS_COMPLETE && exitCode === '0') return undefined;
  const lastLine = stderr.trimEnd().split('\n').at(-1);
  const end = exitCode === '' ? named?.message : `exited with ${exitCode}`;
  return [`\`${command}\` ${end}`, ...(lastLine ? [lastLine] : [])].join(': ');
}
