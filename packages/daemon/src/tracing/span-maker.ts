import { formatTraceparent, parseTraceparent, type TraceContext } from '@aurae/proto';
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { PrescribedIds } from './prescribed-ids.js';
import type { CallerTrace } from './tracing.js';

export interface SpanFacts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** Unix milliseconds. Default: now. */
  readonly startedAtMs?: number;
  /** The id that it had already. Default: a new one. */
  readonly spanId?: string;
}

/** Starts spans below those of others, in this process or in another one. */
export class SpanMaker {
  constructor(
    private readonly tracer: Tracer,
    private readonly ids: PrescribedIds,
  ) {}

  start({ name, kind, attributes, startedAtMs, spanId }: SpanFacts, parent: CallerTrace): Span {
    const options = { kind, attributes, ...(startedAtMs ? { startTime: new Date(startedAtMs) } : {}) };
    const start = () => this.tracer.startSpan(name, options, contextBelow(parent));
    return spanId === undefined ? start() : this.ids.prescribe(spanId, start);
  }
}

/** The place of a span, as others are told of it. */
export function traceOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const traceparent = formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

function contextBelow({ traceparent, tracestate }: CallerTrace): Context {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}
