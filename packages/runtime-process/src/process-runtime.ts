import { createRequire } from 'node:module';
import {
  type backend,
  backendProtocolVersion,
  type CallContext,
  CapabilityNotSupportedError,
  meta,
  type observe,
  type runtime,
} from '@aurae/proto';
import { CommandRunner } from './command-runner.js';
import { defaultProcessRuntimeOptions, type ProcessRuntimeOptions } from './process-runtime-options.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** Runs executables as processes of this host. Works without the daemon; dispose it to end what it runs. */
export class ProcessRuntime implements backend.ExecutableBackend<CallContext>, AsyncDisposable {
  private readonly commands: CommandRunner;

  constructor(options: ProcessRuntimeOptions = {}) {
    this.commands = new CommandRunner({ ...defaultProcessRuntimeOptions, ...options });
  }

  async describe(): Promise<meta.BackendDescription> {
    return {
      name: 'process',
      version,
      protocolVersion: backendProtocolVersion,
      capabilities: ['Exec'],
      health: { state: meta.HealthState.HEALTH_STATE_SERVING, reason: '', remedy: '' },
      details: {},
    };
  }

  exec(context: CallContext, request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    return this.commands.run(request, context.signal);
  }

  async start(): Promise<runtime.ExecutableStatus> {
    throw unsupported('Start');
  }

  async stop(): Promise<runtime.ExecutableStatus> {
    throw unsupported('Stop');
  }

  async kill(): Promise<runtime.ExecutableStatus> {
    throw unsupported('Kill');
  }

  async list(): Promise<runtime.ExecutableListResponse> {
    throw unsupported('List');
  }

  async remove(): Promise<backend.RemoveResponse> {
    throw unsupported('Remove');
  }

  attach(): AsyncIterable<runtime.AttachResponse> {
    throw unsupported('Attach');
  }

  readLog(): AsyncIterable<observe.LogBatch> {
    throw unsupported('ReadLog');
  }

  watch(): AsyncIterable<backend.WorkloadEvent> {
    throw unsupported('Watch');
  }

  /** Ends every command that runs, with its process tree. Afterwards `exec` is refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.commands[Symbol.asyncDispose]();
  }

  dispose(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }
}

function unsupported(capability: string): CapabilityNotSupportedError {
  return new CapabilityNotSupportedError(`The backend "process" does not support ${capability}`);
}
