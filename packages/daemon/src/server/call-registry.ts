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
} from '@aurae/proto';

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
    const context = this.contextOf(call, entry.controller.signal);
    const cancel = () => entry.controller.abort(cancellationCause(context));
    const events: EventEmitter = call;
    events.on('cancelled', cancel);
    if (call.cancelled) cancel();
    this.live.add(entry);
    const startedAt = performance.now();
    return {
      context,
      close: (error) => {
        // grpc-js says "cancelled" at the end of every call, also of one that was answered.
        events.off('cancelled', cancel);
        this.live.delete(entry);
        this.observer.onEnded({ method: method.path, context, durationMs: performance.now() - startedAt, error });
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
    const base = { signal, callId, identity };
    return deadline instanceof Date || Number.isFinite(deadline) ? { ...base, deadline: new Date(deadline) } : base;
  }
}

/** The client's own timer fires first as often as not, and reaches the server as a cancellation. */
const deadlineToleranceMs = 100;

function cancellationCause({ deadline }: CallContext): Error {
  return deadline && Date.now() + deadlineToleranceMs >= deadline.getTime()
    ? new DeadlineExceededError('The deadline of the call passed')
    : new CancelledError('The caller went away');
}
