import { abortReason, type CallContext, CancelledError, type GrpcRpc } from '@aurae/proto';

/** Makes of an error and the name of the call that failed with it a better error. */
export type ErrorExplainer = (error: unknown, call: string) => Promise<unknown>;

/** The transport of the generated clients, with errors that tell what to do. */
export class ExplainingRpc {
  constructor(
    private readonly rpc: GrpcRpc,
    private readonly explain: ErrorExplainer,
  ) {}

  async request(context: CallContext, service: string, method: string, data: Uint8Array): Promise<Uint8Array> {
    return await this.rpc.request(context, service, method, data).catch(this.rethrow(context, service, method));
  }

  async clientStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: AsyncIterable<Uint8Array>,
  ): Promise<Uint8Array> {
    return await this.rpc
      .clientStreamingRequest(context, service, method, data)
      .catch(this.rethrow(context, service, method));
  }

  serverStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: Uint8Array,
  ): AsyncIterable<Uint8Array> {
    return this.receive(context, service, method, this.rpc.serverStreamingRequest(context, service, method, data));
  }

  bidirectionalStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const answers = this.rpc.bidirectionalStreamingRequest(context, service, method, data);
    return this.receive(context, service, method, answers);
  }

  private async *receive(
    context: CallContext,
    service: string,
    method: string,
    answers: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    try {
      yield* answers;
    } catch (error) {
      await this.rethrow(context, service, method)(error);
    }
  }

  private rethrow({ signal }: CallContext, service: string, method: string) {
    return async (error: unknown): Promise<never> => {
      // Aborted before or during the call, it is the caller's own reason that the caller gets back.
      if (signal.aborted && (error === signal.reason || error instanceof CancelledError)) throw abortReason(signal);
      throw await this.explain(error, `${service}/${method}`);
    };
  }
}
