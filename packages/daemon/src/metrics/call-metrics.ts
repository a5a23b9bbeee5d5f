import { statusOfError } from '@aurae/proto';
import { status } from '@grpc/grpc-js';
import type { Counter, Histogram } from 'prom-client';
import type { CallObserver, EndedCall } from '../server/call-registry.js';
import type { ServedInterface } from '../server/grpc-server.js';
import type { MetricRegistry } from './metric-registry.js';
import type { ScrapedMetrics } from './scraped-metrics.js';

/** Seconds. From a Status, which takes one millisecond, to an Exec, which takes as long as its command. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What nobody has named as being served. */
const otherMethod = 'other';

/** Counts and times the calls of the API. */
export class CallMetrics implements CallObserver, ScrapedMetrics {
  readonly subject = 'calls';
  private readonly ended: Counter<'method' | 'code'>;
  private readonly durations: Histogram<'method'>;
  private readonly inFlight;
  /** By path: whether it answers once, so that its duration tells something. */
  private readonly methods = new Map<string, { readonly name: string; readonly isUnary: boolean }>();
  private calls: { readonly inFlight: number } | undefined;

  constructor(registry: MetricRegistry) {
    this.ended = registry.counter('aurae_rpc_calls_total', 'Calls that have ended, by status code of gRPC', [
      'method',
      'code',
    ]);
    this.durations = registry.histogram(
      'aurae_rpc_duration_seconds',
      'How long calls with one answer took; streams last as long as somebody listens, and are only counted',
      buckets,
      ['method'],
    );
    this.inFlight = registry.gauge('aurae_rpc_in_flight', 'Calls that go on now, streams included');
  }

  /** Names what is served: nothing else becomes a label. */
  serve(services: readonly Pick<ServedInterface, 'definition'>[], calls: { readonly inFlight: number }): void {
    this.calls = calls;
    for (const { path, requestStream, responseStream } of services.flatMap((each) => Object.values(each.definition))) {
      const name = path.slice(1);
      this.methods.set(path, { name, isUnary: !requestStream && !responseStream });
      // A rate over the first call needs the time before it.
      this.ended.inc({ method: name, code: codeName(undefined) }, 0);
    }
  }

  onEnded({ method, durationMs, error }: EndedCall): void {
    const { name, isUnary } = this.methods.get(method) ?? { name: otherMethod, isUnary: false };
    this.ended.inc({ method: name, code: codeName(error) });
    if (isUnary) this.durations.observe({ method: name }, durationMs / 1000);
  }

  refresh(): void {
    this.inFlight.set(this.calls?.inFlight ?? 0);
  }
}

/** As gRPC writes it: `OK`, `NOT_FOUND`, … */
function codeName(error: unknown): string {
  return status[error === undefined ? status.OK : statusOfError(error, '').code] ?? 'UNKNOWN';
}
