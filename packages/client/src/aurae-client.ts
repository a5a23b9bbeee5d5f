import { type CallContext, FailedPreconditionError, GrpcRpc, observe, runtime, schedule } from '@aurae/proto';
import type { ClientConfig } from './discover-config.js';
import { explainError } from './explain-error.js';
import { ExplainingRpc } from './explaining-rpc.js';
import { loadCredentials } from './load-credentials.js';
import { openChannel } from './open-channel.js';
import {
  observeMessages,
  runtimeMessages,
  scheduleContainerMessages,
  scheduleExecutableMessages,
  scheduleInstanceMessages,
  scheduleMessages,
} from './request-messages.js';
import { type ServiceApi, serviceApi } from './service-api.js';

/**
 * The whole API of one daemon. Connects with the first call, and again after the connection was lost. Every method
 * takes a request of which any field may be left out, then `{ signal, timeoutMs }`, and fails with an `AuraeError`.
 */
export class AuraeClient implements AsyncDisposable {
  readonly runtime: ServiceApi<runtime.Runtime<CallContext>>;
  readonly observe: ServiceApi<observe.Observe<CallContext>>;
  readonly schedule: ServiceApi<schedule.Schedule<CallContext>>;
  readonly scheduleExecutable: ServiceApi<schedule.ScheduleExecutable<CallContext>>;
  readonly scheduleContainer: ServiceApi<schedule.ScheduleContainer<CallContext>>;
  readonly scheduleInstance: ServiceApi<schedule.ScheduleInstance<CallContext>>;

  private readonly closeChannel: () => void;
  private isClosed = false;

  /** Reads the certificates, so it fails when they cannot be read. */
  constructor(readonly config: ClientConfig) {
    const credentials = loadCredentials(config);
    const channel = openChannel(config.endpoint, credentials);
    this.closeChannel = () => channel.close();
    const rpc = new ExplainingRpc(new GrpcRpc(channel), async (error, call) =>
      this.isClosed && !(error instanceof Error && 'reason' in error)
        ? new FailedPreconditionError(`Cannot call "${call}": this client is closed`, { cause: error })
        : await explainError(error, call, config, credentials),
    );
    this.runtime = serviceApi(new runtime.RuntimeClientImpl(rpc), runtimeMessages);
    this.observe = serviceApi(new observe.ObserveClientImpl(rpc), observeMessages);
    this.schedule = serviceApi(new schedule.ScheduleClientImpl(rpc), scheduleMessages);
    this.scheduleExecutable = serviceApi(new schedule.ScheduleExecutableClientImpl(rpc), scheduleExecutableMessages);
    this.scheduleContainer = serviceApi(new schedule.ScheduleContainerClientImpl(rpc), scheduleContainerMessages);
    this.scheduleInstance = serviceApi(new schedule.ScheduleInstanceClientImpl(rpc), scheduleInstanceMessages);
  }

  /** Takes no more calls. Those that run go on to their end; their signals cancel them. Closing twice is harmless. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closeChannel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
