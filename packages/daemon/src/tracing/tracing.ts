import type { meta, runtime, TraceContext } from '@aurae/proto';
import type { WorkloadNewsListener } from '../observation/workload-news.js';

/** A call, as its span tells of it. */
export interface TracedCall {
  /** E.g. `runtime.Runtime/Exec`. */
  readonly method: string;
  readonly callId: string;
  readonly identity: string;
  readonly workload: string | undefined;
}

/** Where the caller is in a trace, as far as it says. */
export type CallerTrace = Partial<TraceContext>;

/** The span of a call. */
export interface CallSpan {
  /** Its place in the trace, for what the call does; that of the caller where nothing is recorded here. */
  readonly trace: TraceContext | undefined;
  /** Of the trace that this daemon records; undefined where it records nothing. */
  readonly traceId: string | undefined;
  /** `error`: what the call has failed with. */
  end(error?: unknown): void;
}

/** The span of a command that its caller waits for. */
export interface CommandSpan {
  /** What the command is told of its place in the trace. */
  readonly trace: TraceContext | undefined;
  ended(status: runtime.ExecutableStatus): void;
  failed(error: unknown): void;
}

/** The span of the start of a workload, and that of the run that begins with it. */
export interface StartSpan {
  /** What the workload is told of its place in the trace: the span of its run. */
  readonly trace: TraceContext | undefined;
  /** What the backend is to keep with the run and to tell in its events. */
  readonly labels: Readonly<Record<string, string>>;
  /** The backend has answered. `problem`: why there is no run all the same. */
  answered(problem?: string): void;
  failed(error: unknown): void;
}

/**
 * Records one tree of spans from a call to the end of the process that it has started: it has to hear the news of
 * workloads. Recording never waits, never throws, and is bounded. Disposing it takes two seconds at the most.
 */
export interface Tracing extends WorkloadNewsListener, AsyncDisposable {
  call(call: TracedCall, caller: CallerTrace): CallSpan;
  /** @param name what was given as one, or the command */
  command(name: string, caller: CallerTrace): CommandSpan;
  /** Without a caller it is the root of a tree of its own. */
  start(workload: meta.WorkloadReference, caller: CallerTrace): StartSpan;
}

/** Records nothing, and passes on what callers say. */
export const noTracing: Tracing = {
  call: (_, caller) => ({ trace: passedOn(caller), traceId: undefined, end: () => {} }),
  command: (_, caller) => ({ trace: passedOn(caller), ended: () => {}, failed: () => {} }),
  start: (_, caller) => ({ trace: passedOn(caller), labels: {}, answered: () => {}, failed: () => {} }),
  [Symbol.asyncDispose]: async () => {},
};

export function passedOn({ traceparent, tracestate }: CallerTrace): TraceContext | undefined {
  if (traceparent === undefined) return undefined;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}
