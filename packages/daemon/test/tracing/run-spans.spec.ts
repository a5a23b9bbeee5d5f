import { backend, meta, NotFoundError } from '@aurae/proto';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { beforeEach, describe, expect, it } from 'vitest';
import { OpenTelemetryTracing } from '../../src/tracing/open-telemetry-tracing.js';
import { PrescribedIds } from '../../src/tracing/prescribed-ids.js';
import { RunSpans } from '../../src/tracing/run-spans.js';
import { SpanMaker } from '../../src/tracing/span-maker.js';
import type { StartSpan } from '../../src/tracing/tracing.js';

const { STATUS_ACTIVE, STATUS_COMPLETE, STATUS_STANDBY, STATUS_UNKNOWN } = meta.Status;
const web = { kind: meta.WorkloadKind.WORKLOAD_KIND_CONTAINER, name: 'web' };
const start = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

const memory = new InMemorySpanExporter();
let runs: RunSpans;
beforeEach(() => {
  memory.reset();
  runs = someRuns();
});

function someSpans(): SpanMaker {
  const ids = new PrescribedIds();
  const spanProcessors = [new SimpleSpanProcessor({ exporter: memory })];
  return new SpanMaker(new TracerProvider({ idGenerator: ids, spanProcessors }).getTracer('test'), ids);
}

function someRuns(): RunSpans {
  return new RunSpans(someSpans());
}

function event(status: meta.Status, more: Partial<backend.WorkloadEvent> = {}): backend.WorkloadEvent {
  return backend.WorkloadEvent.fromPartial({
    workload: web,
    status,
    timestampMs: 3_000n,
    startedAtMs: 2_000n,
    ...more,
  });
}

function snapshot(...events: backend.WorkloadEvent[]): Map<string, backend.WorkloadEvent> {
  return new Map(events.map((each) => [each.workload?.name ?? '', each]));
}

function recorded() {
  return memory.getFinishedSpans().map(({ name, attributes, status, parentSpanContext }) => ({
    name,
    parent: parentSpanContext?.spanId,
    code: attributes['process.exit.code'],
    problem: status.message,
  }));
}

const parent = '00f067aa0ba902b7';

describe('the span of a run', () => {
  it('ends once, with the first word of the end', () => {
    const { labels } = runs.begin(web, start);
    runs.onEvent(event(STATUS_ACTIVE, { labels }));
    const endedAtMs = Date.now() + 60_000;
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '7', timestampMs: BigInt(endedAtMs) }));
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '7', removed: true }));
    expect(recorded()).toEqual([{ name: 'run web', parent, code: 7, problem: 'exited with 7' }]);
    expect(memory.getFinishedSpans()[0]?.endTime[0]).toBe(Math.floor(endedAtMs / 1000));
  });

  it('is none of a start that has not come to a run', () => {
    const { labels, discard } = runs.begin(web, start);
    discard();
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '0' }));
    expect(recorded()).toEqual([]);
  });

  it.each([
    ['that the backend answers as an error', (span: StartSpan) => span.answered('no such program'), 'no such program'],
    ['that it refuses', (span: StartSpan) => span.failed(new NotFoundError('no such image')), 'no such image'],
    [
      'that fails by a fault',
      (span: StartSpan) => span.failed(new Error('x of y')),
      'A fault of the daemon: its log tells more',
    ],
  ])('is none of a start %s', (_, fail, problem) => {
    const tracing = new OpenTelemetryTracing(someSpans(), async () => {});
    const span = tracing.start(web, {});
    fail(span);
    tracing.onEvent(web.kind, event(STATUS_COMPLETE, { labels: span.labels, exitCode: '0' }));
    expect(recorded().map((each) => [each.name, each.problem])).toEqual([['start web', problem]]);
  });

  it('does not end before it has begun', () => {
    const { labels } = runs.begin(web, start);
    runs.onEvent(event(STATUS_STANDBY, { labels }));
    expect(recorded()).toEqual([]);
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '0' }));
    expect(recorded()).toHaveLength(1);
  });

  it('tells that nobody knows how it ended, where nobody does', () => {
    const { labels } = runs.begin(web, start);
    runs.onEvent(event(STATUS_UNKNOWN, { labels }));
    expect(recorded()).toEqual([{ name: 'run web', parent, code: undefined, problem: 'how it ended is not known' }]);
  });

  it('ends with what is told after a time out of sight, or with nothing where it is not told of any more', () => {
    const [seen, gone] = [runs.begin(web, start), runs.begin({ ...web, name: 'db' }, start)];
    const db = { workload: { ...web, name: 'db' }, labels: gone.labels };
    runs.onSnapshot(web.kind, snapshot(event(STATUS_ACTIVE, { labels: seen.labels }), event(STATUS_ACTIVE, db)));
    runs.onSnapshot(meta.WorkloadKind.WORKLOAD_KIND_INSTANCE, snapshot());
    expect(recorded()).toEqual([]);
    runs.onSnapshot(web.kind, snapshot(event(STATUS_COMPLETE, { labels: seen.labels, exitCode: '0' })));
    expect(recorded().map(({ name, problem }) => [name, problem])).toEqual([
      ['run web', undefined],
      ['run db', 'how it ended is not known'],
    ]);
  });

  it('stays open through a look at what is known that was begun before its start', () => {
    const { labels } = runs.begin(web, start);
    runs.onSnapshot(web.kind, snapshot());
    runs.onEvent(event(STATUS_ACTIVE, { labels }));
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '0' }));
    expect(recorded()).toHaveLength(1);
  });

  it('is told from that of the next run, which began while nobody looked', () => {
    const { labels } = runs.begin(web, start);
    runs.onEvent(event(STATUS_ACTIVE, { labels }));
    runs.onEvent(event(STATUS_ACTIVE, { labels, startedAtMs: 5_000n, restarts: 1 }));
    runs.onEvent(
      event(STATUS_COMPLETE, { labels, startedAtMs: 5_000n, timestampMs: 6_000n, exitCode: '0', restarts: 1 }),
    );
    expect(recorded().map(({ problem }) => problem)).toEqual(['how it ended is not known', undefined]);
    const [first, second] = memory.getFinishedSpans();
    expect(second?.spanContext().spanId).not.toBe(first?.spanContext().spanId);
    expect(second?.startTime[0]).toBe(5);
  });

  it('ends by its name where its backend keeps no labels', () => {
    runs.begin({ ...web, name: 'db' }, start);
    runs.begin(web, start);
    runs.onEvent(event(STATUS_COMPLETE, { exitCode: '0' }));
    expect(recorded().map(({ name }) => name)).toEqual(['run web']);
  });

  it('is the same for the next daemon, and the one after', () => {
    const { labels, trace } = runs.begin(web, start);
    for (let daemon = 0; daemon < 3; daemon++) {
      runs = someRuns();
      runs.onSnapshot(web.kind, snapshot(event(STATUS_ACTIVE, { labels })));
    }
    runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '0' }));
    expect(memory.getFinishedSpans().map((span) => span.spanContext().spanId)).toEqual([
      trace.traceparent.split('-')[2],
    ]);
    expect(recorded()[0]?.parent).toBe(parent);
  });

  it('is none where a label is not of this daemon, or of nobody', () => {
    for (const value of [
      '',
      'x',
      '/',
      start.traceparent,
      `${start.traceparent}/x`,
      `${start.traceparent}/${parent}/y`,
    ]) {
      const labels = { 'aurae.trace': value };
      runs.onEvent(event(STATUS_ACTIVE, { labels }));
      runs.onEvent(event(STATUS_COMPLETE, { labels, exitCode: '0' }));
    }
    expect(recorded()).toEqual([]);
  });

  it('is forgotten beyond thousands of runs that nobody tells of', () => {
    const first = runs.begin(web, start);
    for (let number = 0; number < 8192; number++) runs.begin({ ...web, name: `w${number}` }, start);
    runs.onEvent(event(STATUS_COMPLETE, { labels: first.labels, exitCode: '0' }));
    expect(recorded()).toEqual([]);
  });
});
