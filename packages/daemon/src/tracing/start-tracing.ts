import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendLog } from '@aurae/proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { OpenTelemetryTracing } from './open-telemetry-tracing.js';
import { OtlpSpanExporter } from './otlp-span-exporter.js';
import { PrescribedIds } from './prescribed-ids.js';
import { SpanMaker } from './span-maker.js';
import type { Tracing } from './tracing.js';

export interface TracingOptions {
  /** Base URL of a collector, as `tracing.endpoint` in the configuration. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** From 0 to 1: of the calls whose callers have not decided. */
  readonly sampleRatio: number;
  /** For how long spans wait for others to be sent with them. Default 2 s. */
  readonly lingerMs?: number;
  readonly version: string;
  readonly node: string;
  readonly log: BackendLog;
}

/** How long the last spans may take at the end. */
const flushMs = 2_000;
const mostWaitingSpans = 4096;
const mostSpansAtOnce = 256;
/** Longer than the exporter takes before it gives up. */
const exportTimeoutMs = 60_000;

/** Nothing here is global: two daemons in one process trace each for itself. */
export function startTracing(options: TracingOptions): Tracing {
  const { endpoint, headers, sampleRatio, lingerMs = 2_000, version, node, log } = options;
  const exporter = new OtlpSpanExporter({ url: tracesUrl(endpoint), headers, log });
  const ids = new PrescribedIds();
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'auraed', 'service.version': version, 'host.name': node }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    idGenerator: ids,
    spanLimits: { attributeValueLengthLimit: 1024 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: mostWaitingSpans,
        maxExportBatchSize: mostSpansAtOnce,
        scheduledDelayMillis: lingerMs,
        exportTimeoutMillis: exportTimeoutMs,
      }),
    ],
  });
  return new OpenTelemetryTracing(new SpanMaker(provider.getTracer('auraed', version), ids), () =>
    close(provider, exporter),
  );
}

async function close(provider: TracerProvider, exporter: OtlpSpanExporter): Promise<void> {
  const enough = new AbortController();
  const patience = sleep(flushMs, undefined, { signal: enough.signal }).catch(() => undefined);
  // What is on its way and what waits. The log tells what cannot be delivered.
  const flushed = Promise.all([exporter.shutdown(), provider.shutdown()]).catch(() => undefined);
  await Promise.race([flushed, patience]);
  enough.abort();
  exporter.close();
}

/** Where the protocol has traces go, below the base URL: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
function tracesUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url;
}
