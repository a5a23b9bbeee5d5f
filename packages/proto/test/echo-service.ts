import type { ServiceDefinition } from '@grpc/grpc-js';
import { backend, type CallContext, observe, runtime } from '../src/index.js';

/**
 * Two generated contracts that together have every call shape but client streaming (which no Aurae proto has):
 * unary, server streaming, and both ways.
 */
export class EchoBackend implements Partial<backend.ExecutableBackend<CallContext>> {
  readonly contexts: CallContext[] = [];
  readonly aborted: unknown[] = [];
  /** What every exec fails with. */
  failure: Error | undefined;
  /** Batches that were asked for by the transport. */
  produced = 0;

  async exec(context: CallContext, request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    this.contexts.push(context);
    if (request.command === 'hang') await this.untilAborted(context);
    if (this.failure) throw this.failure;
    return runtime.ExecutableStatus.fromPartial({ stdout: request.command, exitCode: '0' });
  }

  async *readLog(context: CallContext, request: observe.GetWorkloadLogStreamRequest): AsyncIterable<observe.LogBatch> {
    this.contexts.push(context);
    for (let sequence = 1n; sequence <= BigInt(request.tail); sequence++) {
      context.signal.throwIfAborted();
      this.produced++;
      yield observe.LogBatch.fromPartial({ items: [{ sequence, line: 'x'.repeat(1000) }] });
    }
    if (request.follow) await this.untilAborted(context);
  }

  async *attach(
    context: CallContext,
    requests: AsyncIterable<runtime.AttachRequest>,
  ): AsyncIterable<runtime.AttachResponse> {
    this.contexts.push(context);
    for await (const request of requests) {
      if (request.input?.$case === 'stdin') {
        yield { output: { $case: 'stdout', value: request.input.value } };
      }
    }
    yield { output: { $case: 'ended', value: runtime.ExecutableStatus.fromPartial({ exitCode: '0' }) } };
  }

  private async untilAborted({ signal }: CallContext): Promise<never> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.aborted.push(signal.reason);
    throw signal.reason;
  }
}

export const echoDefinition: ServiceDefinition = backend.ExecutableBackendService;
