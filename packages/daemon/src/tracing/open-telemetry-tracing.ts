import type { backend, meta } from '@aurae/proto';
import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { redactText } from '../logging/redact-text.js';
import { shortName, workloadText } from '../logging/workload-text.js';
import { RunSpans } from './run-spans.js';
import {
  callAttributes,
  commandProblem,
  endAttributes,
  errorText,
  grpcCode,
  isFailureOfServer,
} from './span-attributes.js';
import { type SpanMaker, traceOf } from './span-maker.js';
import type { CallerTrace, CallSpan, CommandSpan, StartSpan, TracedCall, Tracing } from './tracing.js';

/** Records with OpenTelemetry. */
export class OpenTelemetryTracing implements Tracing {
  private readonly runs: RunSpans;
  private closed: Promise<void> | undefined;

  /** @param close sends what is left, for a bounded time */
  constructor(
    private readonly spans: SpanMaker,
    private readonly close: () => Promise<void>,
  ) {
    this.runs = new RunSpans(spans);
  }

  call(call: TracedCall, caller: CallerTrace): CallSpan {
    const facts = { name: call.method, kind: SpanKind.SERVER, attributes: callAttributes(call) };
    const span = this.spans.start(facts, caller);
    return {
      trace: traceOf(span),
      traceId: span.isRecording() ? span.spanContext().traceId : undefined,
      end: (error) => endCall(span, error),
    };
  }

  command(name: string, caller: CallerTrace): CommandSpan {
    const facts = { name: `run ${shortName(name)}`, kind: SpanKind.INTERNAL, attributes: {} };
    const span = this.spans.start(facts, caller);
    return {
      trace: traceOf(span),
      ended: (status) => {
        if (!span.isRecording()) return;
        span.setAttributes(endAttributes({ ...status, stopped: false }));
        endSpan(span, commandProblem(status));
      },
      // Once it has ended, nothing is recorded any more.
      failed: (error) => span.isRecording() && endSpan(span, errorText(error)),
    };
  }

  start(workload: meta.WorkloadReference, caller: CallerTrace): StartSpan {
    const name = `start ${shortName(workload.name)}`;
    const attributes = { 'aurae.workload': workloadText(workload) };
    const span = this.spans.start({ name, kind: SpanKind.INTERNAL, attributes }, caller);
    const run = this.runs.begin(workload, traceOf(span));
    const end = (problem: string | undefined): void => {
      if (problem !== undefined) run.discard();

      endSpan(span, problem);
    };
    return { trace: run.trace, labels: run.labels, answered: end, failed: (error) => end(errorText(error)) };
  }

  onSnapshot(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void {
    this.runs.onSnapshot(kind, known);
  }

  onEvent(_: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    this.runs.onEvent(event);
  }

  /** Runs go on, and so do their spans, in the next daemon. */
  [Symbol.asyncDispose](): Promise<void> {
    this.closed ??= this.close();
    return this.closed;
  }
}

function endCall(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const code = grpcCode(error);
  span.setAttribute('rpc.grpc.status_code', code);
  endSpan(span, isFailureOfServer(code) ? errorText(error) : undefined);
}

function endSpan(span: Span, problem: string | undefined): void {
  if (problem !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(problem) });
  span.end();
}
