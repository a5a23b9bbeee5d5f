import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogRing } from '@aurae/observe-logs';
import { bindService, type CallContext, callContext, GrpcRpc, meta, observe, runtime } from '@aurae/proto';
import { ProcessRuntime } from '@aurae/runtime-process';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { WorkloadBackendLog } from '../../src/logging/backend-log.js';
import { CallLog } from '../../src/logging/call-log.js';
import { Logger, type LogLine } from '../../src/logging/logger.js';
import { WorkloadNews } from '../../src/observation/workload-news.js';
import { systemScheduleClock } from '../../src/schedule/schedule-clock.js';
import { CallRegistry } from '../../src/server/call-registry.js';
import { startTracing } from '../../src/tracing/start-tracing.js';
import { tracedBackend } from '../../src/tracing/traced-backend.js';
import { noTracing, type Tracing } from '../../src/tracing/tracing.js';

const { WORKLOAD_KIND_EXECUTABLE } = meta.WorkloadKind;

export interface TracingConfig {
  readonly endpoint?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sampleRatio?: number;
}

/** What of a daemon has to do with traces: calls over gRPC, real processes, and the news of them. */
export class TracedNode implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'aurae-traced-'));
  readonly ring = new LogRing();
  readonly log = Logger.create('debug', (line) => void this.lines.push(line));
  private daemon: OneDaemon | undefined;

  static async start(config: TracingConfig): Promise<TracedNode> {
    const node = new TracedNode();
    await node.boot(config);
    return node;
  }

  /** One daemon after the other, on the same directory. */
  async boot(config: TracingConfig): Promise<void> {
    await this.shutDown();
    this.daemon = await OneDaemon.start(this.directory, config, this.log);
  }

  async shutDown(): Promise<void> {
    await this.daemon?.[Symbol.asyncDispose]();
    this.daemon = undefined;
  }

  get runtime(): runtime.RuntimeClientImpl<CallContext> {
    return (this.daemon as OneDaemon).client;
  }

  /** The backend as the schedule has it: called by the daemon itself. */
  get backend(): ProcessRuntime {
    return (this.daemon as OneDaemon).traced;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.daemon) await this.boot({});
    const { executables } = await this.backend.list(callContext(), { meta: undefined, all: false });
    for (const { meta: named } of executables) {
      await this.backend.stop(callContext(), { meta: named, signal: 'KILL', gracePeriodMs: 1 });
    }
    await this.shutDown();
    rmSync(this.directory, { recursive: true });
  }
}

class OneDaemon implements AsyncDisposable {
  readonly client: runtime.RuntimeClientImpl<CallContext>;

  private constructor(
    private readonly server: Server,
    private readonly channel: Client,
    readonly traced: ProcessRuntime,
    private readonly owned: readonly AsyncDisposable[],
  ) {
    this.client = new runtime.RuntimeClientImpl(new GrpcRpc(channel));
  }

  static async start(directory: string, config: TracingConfig, log: Logger): Promise<OneDaemon> {
    const tracing = tracingOf(config, log.forComponent('tracing'));
    const processes = new ProcessRuntime({
      stateDir: join(directory, 'state'),
      runDir: join(directory, 'run'),
      log: new WorkloadBackendLog(log.forComponent('executable'), WORKLOAD_KIND_EXECUTABLE),
    });
    const traced = tracedBackend(WORKLOAD_KIND_EXECUTABLE, processes, tracing);
    const news = followed(traced, tracing, log);
    const calls = new CallRegistry(() => 'spiffe://node/alice', new CallLog(log.forComponent('call')), tracing);
    const address = `unix:${join(directory, 'a.sock')}`;
    const server = await served(address, traced, calls);
    return new OneDaemon(server, new Client(address, credentials.createInsecure()), traced, [news, tracing, processes]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.close();
    this.server.forceShutdown();
    for (const each of this.owned) await each[Symbol.asyncDispose]();
  }
}

function tracingOf({ endpoint, headers = {}, sampleRatio = 1 }: TracingConfig, log: Logger): Tracing {
  if (endpoint === undefined) return noTracing;
  return startTracing({ endpoint, headers, sampleRatio, version: '1.2.3', node: 'node-1', lingerMs: 10, log });
}

function followed(backend: ProcessRuntime, tracing: Tracing, log: Logger): WorkloadNews {
  const driver = {
    kind: WORKLOAD_KIND_EXECUTABLE,
    watch: (context: CallContext) => backend.watch(context),
  };
  const news = new WorkloadNews({ drivers: [driver], clock: systemScheduleClock, log });
  news.add(tracing);
  news.start();
  return news;
}

async function served(address: string, executables: ProcessRuntime, calls: CallRegistry): Promise<Server> {
  const server = new Server();
  const implementation = {
    exec: (context: CallContext, request: runtime.Executable) => executables.exec(context, request),
    executableStart: (context: CallContext, request: runtime.Executable) => executables.start(context, request),
    executableStop: (context: CallContext, request: runtime.WorkloadStopRequest) => executables.stop(context, request),
    executableList: (context: CallContext, request: runtime.WorkloadListRequest) => executables.list(context, request),
    attach: (context: CallContext, requests: AsyncIterable<runtime.AttachRequest>) =>
      executables.attach(context, requests),
  };
  server.addService(runtime.RuntimeService, bindService(runtime.RuntimeService, implementation, calls.open));
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
  );
  return server;
}

export function startRequest(name: string, command: string, more: object = {}): runtime.Executable {
  return runtime.Executable.fromPartial({ meta: { name, message: '' }, command, ...more });
}

/** The lines of a workload's log, to its end. */
export async function outputOf(node: TracedNode, name: string): Promise<string[]> {
  const request = observe.GetWorkloadLogStreamRequest.fromPartial({
    workload: { kind: WORKLOAD_KIND_EXECUTABLE, name },
    follow: true,
  });
  const lines: string[] = [];
  for await (const { items } of node.backend.readLog(callContext(), request))
    lines.push(...items.map(({ line }) => line));
  return lines;
}
