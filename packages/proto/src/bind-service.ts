import { once } from 'node:events';
import type {
  MethodDefinition,
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { CallContext } from './call-context.js';
import { CapabilityNotSupportedError } from './errors.js';
import { statusOfError } from './grpc-status.js';

/** Any of the four shapes of a call on the server. */
export type ServerCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;

/** A call that has begun: its context, and what to do when it has ended. */
export interface OpenCall {
  readonly context: CallContext;
  /** Does all work of the call: a place for what surrounds it, such as `AsyncLocalStorage`. Absent: it is just done. */
  readonly run?: <Result>(work: () => Result) => Result;
  /** Called exactly once, when nothing of the call runs any more. `error` is what it failed with. */
  close(error?: unknown): void;
}

/**
 * Opens a call: links its cancellation and deadline into one signal, checks and counts it. May throw, which
 * refuses the call.
 */
export type CallOpener = (call: ServerCall, method: ServedMethod) => OpenCall;

/** What a server knows of a method before it reads the request. */
export type ServedMethod = Pick<MethodDefinition<unknown, unknown>, 'path' | 'requestStream' | 'responseStream'>;

type Method = (context: CallContext, request: unknown) => unknown;

/**
 * Serves an object that implements a generated interface. Methods that the object leaves out answer UNIMPLEMENTED.
 *
 * @param definition the generated `…Service` definition
 * @param implementation methods named as in the definition: promise for unary, async iterable for streams
 */
export function bindService(
  definition: ServiceDefinition,
  implementation: object,
  open: CallOpener,
): UntypedServiceImplementation {
  const handlers: Record<string, UntypedHandleCall> = {};
  for (const [name, method] of Object.entries(definition)) {
    const serve = (implementation as Record<string, Method | undefined>)[name]?.bind(implementation);
    handlers[name] = handler(method, serve ?? unimplemented(method.path), open);
  }
  return handlers;
}

function unimplemented(path: string): Method {
  return () => {
    throw new CapabilityNotSupportedError(`${path.slice(1)} is not implemented by this version of the server`);
  };
}

function handler(method: MethodDefinition<unknown, unknown>, serve: Method, open: CallOpener): UntypedHandleCall {
  const { requestStream, responseStream } = method;
  if (responseStream) {
    return (call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>) => {
      const request = requestStream
        ? requestsOf(call as ServerDuplexStream<unknown, unknown>)
        : (call as ServerWritableStream<unknown, unknown>).request;
      void respondWithStream(call, method, open, (context) => serve(context, request) as AsyncIterable<unknown>);
    };
  }
  return (
    call: ServerUnaryCall<unknown, unknown> | ServerReadableStream<unknown, unknown>,
    respond: sendUnaryData<unknown>,
  ) => {
    const request = requestStream
      ? requestsOf(call as ServerReadableStream<unknown, unknown>)
      : (call as ServerUnaryCall<unknown, unknown>).request;
    void respondOnce(call, method, open, respond, (context) => serve(context, request) as Promise<unknown>);
  };
}

/** A plain `for await` would destroy the call with its last request, and the answers with it. */
function requestsOf(call: ServerReadableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>) {
  return call.iterator({ destroyOnReturn: false });
}

async function respondOnce(
  call: ServerCall,
  method: ServedMethod,
  open: CallOpener,
  respond: sendUnaryData<unknown>,
  serve: (context: CallContext) => Promise<unknown>,
): Promise<void> {
  let opened: OpenCall | undefined;
  try {
    opened = open(call, method);
    const { context, run = justRun } = opened;
    const response = await run(() => serve(context));
    respond(null, response);
    opened.close();
  } catch (error) {
    respond(statusOfError(error, opened?.context.callId ?? ''));
    opened?.close(error);
  }
}

async function respondWithStream(
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  method: ServedMethod,
  open: CallOpener,
  serve: (context: CallContext) => AsyncIterable<unknown>,
): Promise<void> {
  let opened: OpenCall | undefined;
  try {
    opened = open(call, method);
    const { context, run = justRun } = opened;
    // A generator goes on amid what surrounds each call of its next(): so the loop belongs into it, too.
    await run(() => sendAnswers(call, serve(context), context.signal));
    call.end();
    opened.close();
  } catch (error) {
    const cause = opened?.context.signal.aborted ? opened.context.signal.reason : error;
    call.emit('error', statusOfError(cause, opened?.context.callId ?? ''));
    opened?.close(cause);
  }
}

async function sendAnswers(
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  answers: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of answers) {
    // The slow reader's pace is the stream's pace: nothing piles up here.
    if (!call.write(item)) await once(call, 'drain', { signal });
    if (signal.aborted) throw signal.reason;
  }
}

function justRun<Result>(work: () => Result): Result {
  return work();
}
