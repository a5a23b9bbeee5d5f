import type { LogRing } from '@aurae/observe-logs';
import { type CallContext, meta, observe } from '@aurae/proto';
import { inject, injectable } from 'tsyringe';
import { BackendCatalog, DaemonFacts, DaemonLogRing } from '../tokens.js';

/** `observe.Observe`: what the node is and does. */
@injectable()
export class ObserveService implements Pick<observe.Observe<CallContext>, 'status' | 'getAuraeDaemonLogStream'> {
  constructor(
    @inject(DaemonFacts) private readonly facts: DaemonFacts,
    @inject(BackendCatalog) private readonly backends: BackendCatalog,
    @inject(DaemonLogRing) private readonly ring: LogRing,
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
      workloads: [],
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
}
