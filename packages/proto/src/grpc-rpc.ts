import type {
  CallOptions as GrpcCallOptions,
  Client,
  ClientDuplexStream,
  ClientReadableStream,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from '@grpc/grpc-js';
import { type EventEmitter, once } from 'node:events';
import { type CallContext, onAbort } from './call-context.js';
import { isAuraeError } from './errors.js';
import { grpcLibrary } from './grpc-library.js';
import { errorOfStatus } from './grpc-status.js';

/** Header by which one call keeps its name across processes. */
export const callIdHeader = 'aurae-call-id';

/**
 * The transport of every generated `…ClientImpl`: calls a remote implementation of a generated interface over a
 * grpc-js client. Failures are thrown as the AuraeError that the server meant. Aborting the context's signal
 * cancels the call.
 */
export class GrpcRpc {
  constructor(private readonly client: Client) {}

  request(context: CallContext, service: string, method: string, data: Uint8Array): Promise<Uint8Array> {
    return unaryResult(context, (respond) =>
      withoutStackTraces(() =>
        this.client.makeUnaryRequest(
          `/${service}/${method}`,
          asBuffer,
          asIs,
          data,
          metadataOf(context),
          optionsOf(context),
          respond,
        ),
      ),
    );
  }

  clientStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: AsyncIterable<Uint8Array>,
  ): Promise<Uint8Array> {
    return unaryResult(context, (respond) => {
      const call = this.client.makeClientStreamRequest(
        `/${service}/${method}`,
        asBuffer,
        asIs,
        metadataOf(context),
        optionsOf(context),
        respond,
      );
      void sendAll(call, data, context.signal);
      return call;
    });
  }

  serverStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: Uint8Array,
  ): AsyncIterable<Uint8Array> {
    return receiveAll(context, () =>
      this.client.makeServerStreamRequest(
        `/${service}/${method}`,
        asBuffer,
        asIs,
        data,
        metadataOf(context),
        optionsOf(context),
      ),
    );
  }

  bidirectionalStreamingRequest(
    context: CallContext,
    service: string,
    method: string,
    data: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    return receiveAll(context, () => {
      const call = this.client.makeBidiStreamRequest(
        `/${service}/${method}`,
        asBuffer,
        asIs,
        metadataOf(context),
        optionsOf(context),
      );
      void sendAll(call, data, context.signal);
      return call;
    });
  }
}

/** grpc-js takes a stack trace at each unary call, in case it fails: the dearest part of making one. */
function withoutStackTraces<Result>(work: () => Result): Result {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

interface Cancellable {
  cancel(): void;
}

function unaryResult(
  { signal }: CallContext,
  start: (respond: (error: ServiceError | null, response?: Buffer) => void) => Cancellable,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const call = start((error, response) => {
      ignoreAbort();
      if (response) resolve(response);
      else reject(error ? errorOfStatus(error) : new Error('The server sent neither an answer nor an error'));
    });
    const ignoreAbort = onAbort(signal, () => call.cancel());
  });
}

async function* receiveAll(
  { signal }: CallContext,
  start: () => ClientReadableStream<Buffer> | ClientDuplexStream<Uint8Array, Buffer>,
): AsyncIterable<Uint8Array> {
  signal.throwIfAborted();
  const call = start();
  const ignoreAbort = onAbort(signal, () => call.cancel());
  try {
    yield* call as AsyncIterable<Buffer>;
  } catch (error) {
    throw isServiceError(error) ? errorOfStatus(error) : error;
  } finally {
    ignoreAbort();
    // A reader that leaves early ends the call; grpc-js then reports CANCELLED to nobody.
    call.on('error', ignore);
    call.cancel();
  }
}

async function sendAll(
  call: ClientWritableStream<Uint8Array> | ClientDuplexStream<Uint8Array, Buffer>,
  data: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const message of data) {
      if (!call.write(message)) await drained(call, signal);
    }
    call.end();
  } catch {
    call.cancel();
  }
}

/** Until there is room again, or the call has ended. */
async function drained(call: EventEmitter, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const ended = AbortSignal.any([signal, settled.signal]);
  const events = ['drain', 'close'].map((name) => once(call, name, { signal: ended }));
  try {
    await Promise.race(events);
  } finally {
    // Takes back the listeners of the other one.
    settled.abort();
    await Promise.allSettled(events);
  }
}

function metadataOf(context: CallContext): Metadata {
  const metadata = new (grpcLibrary().Metadata)();
  metadata.set(callIdHeader, context.callId);
  if (context.traceparent !== undefined) metadata.set('traceparent', context.traceparent);
  if (context.tracestate !== undefined) metadata.set('tracestate', context.tracestate);
  return metadata;
}

function optionsOf(context: CallContext): GrpcCallOptions {
  return context.deadline ? { deadline: context.deadline } : {};
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && !isAuraeError(error) && typeof (error as ServiceError).code === 'number';
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function asIs(data: Buffer): Buffer {
  return data;
}

function ignore(): void {}
