import type { runtime, TraceContext } from '@aurae/proto';

/**
 * The executable with its place in a trace in its environment, where it has none of its own: `TRACEPARENT`, and
 * `TRACESTATE` if there is one. https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function withTraceEnvironment(
  executable: runtime.Executable,
  trace: TraceContext | undefined,
): runtime.Executable {
  const { env } = executable;
  if (!trace || Object.hasOwn(env, 'TRACEPARENT') || Object.hasOwn(env, 'TRACESTATE')) return executable;
  const { traceparent, tracestate } = trace;
  const added = tracestate === undefined ? {} : { TRACESTATE: tracestate };
  return { ...executable, env: { ...env, TRACEPARENT: traceparent, ...added } };
}
