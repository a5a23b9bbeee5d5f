import { randomUUID } from 'node:crypto';
import { CancelledError } from './errors.js';
import { validTraceContext } from './trace-context.js';

/**
 * What every call of a generated interface carries, in process and over gRPC alike.
 *
 * `signal` is the one thing to wait on: it links the caller's cancellation, the deadline and the daemon's shutdown,
 * and aborts with a reason of `CancelledError`, `DeadlineExceededError` or `ShuttingDownError`.
 */
export interface CallContext {
  readonly signal: AbortSignal;
  /** When the caller stops waiting; absent without a deadline. */
  readonly deadline?: Date;
  /** Names the call in logs, across processes. */
  readonly callId: string;
  /** SPIFFE id or common name of the caller; empty for calls that the process makes itself. */
  readonly identity: string;
  /** The span that the call belongs to, as in `TraceContext`; absent where nobody traces. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** The parts of a context that a caller may care to give. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The call fails with `DeadlineExceededError` after this many milliseconds. */
  readonly timeoutMs?: number;
  readonly callId?: string;
  readonly identity?: string;
  /** The caller's place in a trace, as in `TraceContext`. What is not valid counts as not given. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** A context for a call that starts here, rather than in a server. */
export function callContext(options: CallOptions = {}): CallContext {
  const { signal, timeoutMs, callId = randomUUID(), identity = '' } = options;
  const base = { signal: signal ?? neverAborts, callId, identity, ...validTraceContext(options) };
  return timeoutMs === undefined ? base : { ...base, deadline: new Date(Date.now() + timeoutMs) };
}

/** One for all calls without a signal: to make and watch one for each would cost more than a small call. */
const neverAborts = new AbortController().signal;

/** Calls the listener when the signal aborts. The result takes it back; calling that twice is harmless. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal === neverAborts) return () => undefined;
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Why a call's signal aborted, as an error that tells it. */
export function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error && signal.reason.name !== 'AbortError'
    ? signal.reason
    : new CancelledError('The caller cancelled the call');
}

/** What the promise gives, unless the signal aborts first: then it rejects with the signal's reason. */
export async function unlessAborted<Value>(promise: Promise<Value> | Value, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) {
    // Nobody waits for it any more, so that its failure is nobody's either.
    Promise.resolve(promise).catch(() => undefined);
    throw abortReason(signal);
  }
  let stopListening = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stopListening = onAbort(signal, () => reject(abortReason(signal)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
