import { type backend, meta, parseTraceparent, type TraceContext } from '@aurae/proto';
import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { redactText } from '../logging/redact-text.js';
import { shortName, workloadText } from '../logging/workload-text.js';
import { keyText } from '../schedule/workload-key.js';
import { type RunTrace, runLabels, runTraceOf } from './run-label.js';
import { endAttributes, endProblem } from './span-attributes.js';
import { type SpanMaker, traceOf } from './span-maker.js';

/** A run that is to begin. */
export interface BegunRun {
  readonly trace: TraceContext;
  readonly labels: Readonly<Record<string, string>>;
  /** It has not come to a run. */
  discard(): void;
}

interface OpenRun {
  readonly workload: meta.WorkloadReference;
  readonly span: Span;
  /** What tells it from the next one after a restart; 0 before its backend has told of it. */
  startedAtMs: bigint;
}

/** So many runs at once have spans. More are none of a trace: there are no machines with so many. */
const mostOpen = 8192;
const mostEnded = 1024;

/**
 * The spans of runs, from the start to the end that their backend tells of. A run keeps the id of its span in a label:
 * a daemon that finds it running takes up the span where the one before has left it, so that a trace outlives daemons.
 * What its policy starts again gets a span of its own beside the first one.
 */
export class RunSpans {
  /** By the id of the span of the first run with this label. */
  private readonly open = new Map<string, OpenRun>();
  /** Those of which the first run has ended, newest last. */
  private readonly ended = new Set<string>();

  constructor(private readonly spans: SpanMaker) {}

  begin(workload: meta.WorkloadReference, start: TraceContext): BegunRun {
    const span = this.startSpan(workload, start);
    const trace = traceOf(span);
    const run = parseTraceparent(trace.traceparent);
    const parentSpanId = parseTraceparent(start.traceparent)?.spanId;
    if (!run || !parentSpanId || !span.isRecording()) return { trace, labels: {}, discard: () => {} };
    this.add(run.spanId, { workload, span, startedAtMs: 0n });
    return { trace, labels: runLabels({ ...run, parentSpanId }), discard: () => void this.open.delete(run.spanId) };
  }

  onSnapshot(kind: meta.WorkloadKind, known: ReadonlyMap<string, backend.WorkloadEvent>): void {
    const told = new Set<string>();
    for (const event of known.values()) {
      const run = runTraceOf(event.labels);
      if (run) told.add(run.spanId);
      this.onEvent(event);
    }
    for (const [id, { workload, startedAtMs }] of this.open) {
      if (workload.kind === kind && startedAtMs > 0n && !told.has(id)) this.endUnseen(id);
    }
  }

  onEvent(event: backend.WorkloadEvent): void {
    const run = runTraceOf(event.labels);
    const isRunning = event.status === meta.Status.STATUS_ACTIVE && !event.removed;
    if (run && isRunning) this.runs(run, event);
    else if (!isRunning) this.hasEnded(run?.spanId ?? this.idOf(event), event);
  }

  private runs(run: RunTrace, event: backend.WorkloadEvent): void {
    const known = this.open.get(run.spanId);
    if (known && known.startedAtMs > 0n && known.startedAtMs !== event.startedAtMs) this.endUnseen(run.spanId);
    const open = this.open.get(run.spanId) ?? this.takeUp(run, event);
    open.startedAtMs = event.startedAtMs || 1n;
    if (event.proc) open.span.setAttribute('process.pid', event.proc.pid);
  }

  /** One that an earlier daemon has started, or that its policy has started again. */
  private takeUp(run: RunTrace, event: backend.WorkloadEvent): OpenRun {
    const workload = event.workload ?? { kind: meta.WorkloadKind.WORKLOAD_KIND_UNSPECIFIED, name: '' };
    const parent = { traceparent: `00-${run.traceId}-${run.parentSpanId}-01` };
    const isFirst = event.restarts === 0 && !this.ended.has(run.spanId);
    const span = this.startSpan(workload, parent, Number(event.startedAtMs), isFirst ? run.spanId : undefined);
    if (!isFirst) span.setAttribute('aurae.restarts', event.restarts);
    const open = { workload, span, startedAtMs: 0n };
    this.add(run.spanId, open);
    return open;
  }

  private hasEnded(id: string | undefined, event: backend.WorkloadEvent): void {
    const open = id === undefined ? undefined : this.open.get(id);
    if (!open || id === undefined || isBefore(open, event)) return;
    open.span.setAttributes(endAttributes(event));
    this.end(id, open, endProblem(event), Number(event.timestampMs));
  }

  private endUnseen(id: string): void {
    const open = this.open.get(id);
    if (open) this.end(id, open, 'how it ended is not known', Date.now());
  }

  private end(id: string, { span }: OpenRun, problem: string | undefined, endedAtMs: number): void {
    this.open.delete(id);
    this.remember(id);
    if (problem !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(problem) });
    span.end(endedAtMs > 0 ? new Date(endedAtMs) : undefined);
  }

  private startSpan(
    workload: meta.WorkloadReference,
    parent: TraceContext,
    startedAtMs?: number,
    spanId?: string,
  ): Span {
    const attributes = { 'aurae.workload': workloadText(workload) };
    const facts = { name: `run ${shortName(workload.name)}`, kind: SpanKind.INTERNAL, attributes };
    const known = { ...(startedAtMs ? { startedAtMs } : {}), ...(spanId ? { spanId } : {}) };
    return this.spans.start({ ...facts, ...known }, parent);
  }

  private add(id: string, open: OpenRun): void {
    this.open.set(id, open);
    if (this.open.size > mostOpen) this.open.delete(this.open.keys().next().value as string);
  }

  private remember(id: string): void {
    this.ended.add(id);
    if (this.ended.size > mostEnded) this.ended.delete(this.ended.values().next().value as string);
  }

  /** For a backend that forgets labels: its only run by that name. */
  private idOf({ workload, labels }: backend.WorkloadEvent): string | undefined {
    if (!workload || Object.keys(labels).length > 0) return undefined;
    const text = keyText(workload);
    for (const [id, open] of this.open) if (keyText(open.workload) === text) return id;
    return undefined;
  }
}

/** It waits for its first start. */
function isBefore({ startedAtMs }: OpenRun, { status }: backend.WorkloadEvent): boolean {
  return startedAtMs === 0n && status === meta.Status.STATUS_STANDBY;
}
