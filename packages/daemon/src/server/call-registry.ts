import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { PeerCertificate } from 'node:tls';
import {
  type CallContext,
  CancelledError,
  callIdHeader,
  DeadlineExceededError,
  type OpenCall,
  type ServedMethod,
  type ServerCall,
  ShuttingDownError,
  type TraceContext,
  validTraceContext,
} from '@aurae/proto';
import { callWorkload } from '../logging/call-workload.js';
import { CallScope } from '../logging/log-context.js';
import { workloadText } from '../logging/workload-text.js';
import { noTracing, type Tracing } from '../tracing/tracing.js';

/** A call that has ended, for the log. */
export interface EndedCall {
  readonly method: string;
  readonly context: CallContext;
  readonly durationMs: number;
  /** What it failed with; undefined when it did not. */
  readonly error: unknown;
}

export interface CallObserver {
  onEnded(call: EndedCall): void;
}

interface LiveCall {
  readonly controller: AbortController;
  /** It tells until it is ended. A conversation is no such: it may be that of a command, which has an end of its own. */
  readonly isStream: boolean;
}

const callIdForm = /^[\w.:-]{1,64}$/;

/**
 * Knows every call in flight. Gives each one signal that links the client's cancellation, the deadline and the
 * daemon's shutdown.
 */
export class CallRegistry {
  private readonly live = new Set<LiveCall>();
  private refusal: ShuttingDownError | undefined;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly identityOf: (certificate: PeerCertificate | undefined) => string,
    private readonly observer: CallObserver,
    private readonly tracing: Tracing = noTracing,
  ) {}

  get inFlight(): number {
    return this.live.size;
  }

  readonly open = (call: ServerCall, method: ServedMethod): OpenCall => {
    if (this.refusal) throw this.refusal;
    const entry: LiveCall = {
      controller: new AbortController(),
      isStream: method.responseStream && !method.requestStream,
    };
    const from = this.contextOf(call, entry.controller.signal);
    const about = aboutCall(call, method, from);
    const span = this.tracing.call(about, from);
    const context = span.trace ? { ...from, ...span.trace } : from;
    const scope = new CallScope({ ...about, traceId: span.traceId }, span.trace);
    const cancel = () => entry.controller.abort(cancellationCause(context));
    const events: EventEmitter = call;
    events.on('cancelled', cancel);
    if (call.cancelled) cancel();
    this.live.add(entry);
    const startedAt = performance.now();
    return {
      context,
      run: scope.run,
      close: (error) => {
        // grpc-js says "cancelled" at the end of every call, also of one that was answered.
        events.off('cancelled', cancel);
        this.live.delete(entry);
        const ended = { method: method.path, context, durationMs: performance.now() - startedAt, error };
        scope.run(() => this.observer.onEnded(ended));
        scope.end();
        span.end(error);
        if (this.live.size === 0) this.onIdle?.();
      },
    };
  };

  /** Refuses new calls and ends the streams: a follower would go on for ever. */
  stopAccepting(): void {
    this.refusal = new ShuttingDownError('The daemon is shutting down and takes no new calls');
    this.abortWhere((call) => call.isStream);
  }

  /** Resolves when no call is in flight, after `timeoutMs`, or when the signal aborts; true when none is. */
  async drain(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.live.size === 0) return true;
    if (!signal?.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
        signal?.addEventListener('abort', this.onIdle, { once: true });
      });
    }
    return this.live.size === 0;
  }

  /** Cancels what is still in flight. Each call ends by itself soon after. */
  abortAll(): void {
    this.abortWhere(() => true);
  }

  private abortWhere(matches: (call: LiveCall) => boolean): void {
    const reason = new ShuttingDownError('The daemon is shutting down');
    for (const call of this.live) if (matches(call)) call.controller.abort(reason);
  }

  private contextOf(call: ServerCall, signal: AbortSignal): CallContext {
    const given = call.metadata.get(callIdHeader)[0];
    const callId = typeof given === 'string' && callIdForm.test(given) ? given : randomUUID();
    const identity = this.identityOf(call.getAuthContext().sslPeerCertificate);
    const deadline = call.getDeadline();
    const base = { signal, callId, identity, ...traceContextIn(call) };
    return deadline instanceof Date || Number.isFinite(deadline) ? { ...base, deadline: new Date(deadline) } : base;
  }
}

function aboutCall(call: ServerCall, { path }: ServedMethod, { callId, identity }: CallContext) {
  const method = path.slice(1);
  const workload = 'request' in call ? callWorkload(method, call.request) : undefined;
  return { callId, identity, method, workload: workload && workloadText(workload) };
}

/** Where the caller is in a trace, if it says so. */
function traceContextIn({ metadata }: ServerCall): TraceContext | undefined {
  const [traceparent] = metadata.get('traceparent');
  if (typeof traceparent !== 'string') return undefined;
  // One that is long may come in parts.
  return validTraceContext({ traceparent, tracestate: metadata.get('tracestate').join(',') });
}

/** The client's own timer fires first as often as not, and reaches the server as a cancellation. */
const deadlineToleranceMs = 100;

function cancellationCause({ deadline }: CallContext): Error {
  return deadline && Date.now() + deadlineToleranceMs >= deadline.getTime()
    ? new DeadlineExceededError('The deadline of the call passed')
    : new CancelledError('The caller went away');
}
