import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceContext } from '@aurae/proto';

/** On whose behalf a line is logged. What is absent is not known, or there is nothing of the kind. */
export interface LogContext {
  readonly callId?: string | undefined;
  /** SPIFFE id or common name of the caller. */
  readonly identity?: string | undefined;
  /** E.g. `runtime.Runtime/Exec`. */
  readonly method?: string | undefined;
  /** As `workloadText` writes it. */
  readonly workload?: string | undefined;
  /** Of the trace that is recorded, 32 hexadecimal digits. */
  readonly traceId?: string | undefined;
}

/** What surrounds the work that is done now: its own context, and the call in which it goes on. */
interface Surroundings {
  readonly own: LogContext;
  readonly call: CallScope | undefined;
}

const storage = new AsyncLocalStorage<Surroundings>();
const nothing: LogContext = {};

/**
 * Work that a call does. Whatever it starts carries its context on, timers and sockets that live for years included;
 * so the context counts until the call has ended, and no longer.
 */
export class CallScope {
  private readonly surroundings: Surroundings = { own: nothing, call: this };
  private isOver = false;

  constructor(
    private known: LogContext,
    /** The span of the call, for what it starts. */
    readonly trace?: TraceContext,
  ) {}

  get context(): LogContext {
    return this.isOver ? nothing : this.known;
  }

  get isLive(): boolean {
    return !this.isOver;
  }

  readonly run = <Result>(work: () => Result): Result => storage.run(this.surroundings, work);

  /** For a call that tells only in the course of it which workload it is about. */
  noteWorkload(workload: string): void {
    this.known = { ...this.known, workload };
  }

  end(): void {
    this.isOver = true;
  }
}

/**
 * Every line that is logged by this work, and by whatever it starts, carries the context, on top of that of the call in
 * which it is done, for as long as that goes on.
 */
export function runWithLogContext<Result>(own: LogContext, work: () => Result): Result {
  return storage.run({ own, call: currentCall() }, work);
}

/** The call in which this is done; undefined outside of any, or once it has ended. */
export function currentCall(): CallScope | undefined {
  const call = storage.getStore()?.call;
  return call?.isLive ? call : undefined;
}

/** What every line that is logged here carries. */
export function currentLogContext(): LogContext {
  const surroundings = storage.getStore();
  if (!surroundings) return nothing;
  const { own, call } = surroundings;
  return call?.isLive ? { ...call.context, ...own } : own;
}
