import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '@aurae/observe-logs';
import type { BackendLog } from '@aurae/proto';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { type OtlpAnswer, OtlpPost } from './otlp-post.js';

export interface OtlpSpanExporterOptions {
  /** Where the collector takes spans: the whole URL. */
  readonly url: URL;
  /** Sent along; they may be secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly log: BackendLog;
  /** For how long a batch is tried before it is given up. Default 20 s. */
  readonly patienceMs?: number;
  /** Default 200 ms; doubled with each try, up to 5 s. */
  readonly firstPauseMs?: number;
  /** For how long one try may take. Default 5 s. */
  readonly attemptMs?: number;
}

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

const longestPauseMs = 5_000;

/**
 * Sends spans to a collector, as OTLP over HTTP in JSON (https://opentelemetry.io/docs/specs/otlp/): what is refused for
 * now, or does not reach it, is tried again, and given up after a while. An outage is told once in the log, and its end,
 * with the number of spans that it has cost.
 */
export class OtlpSpanExporter implements SpanExporter {
  private readonly post: OtlpPost;
  private readonly over = new AbortController();
  private readonly underway = new Set<Promise<void>>();
  private isClosing = false;
  private lost = 0;

  constructor(private readonly options: OtlpSpanExporterOptions) {
    this.post = new OtlpPost(options.url, options.headers);
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const delivery = this.deliver(spans).then(
      () => done({ code: 0 }),
      (error: Error) => done({ code: 1, error }),
    );
    this.underway.add(delivery);
    void delivery.finally(() => this.underway.delete(delivery));
  }

  /** Waits for what is on its way. From now on each batch is tried once. */
  async shutdown(): Promise<void> {
    this.isClosing = true;
    await Promise.all(this.underway);
  }

  /** Gives up what is still on its way. */
  close(): void {
    this.over.abort();
    this.post.close();
  }

  private async deliver(spans: ReadableSpan[]): Promise<void> {
    try {
      await this.sendUntilTaken(JsonTraceSerializer.serializeRequest(spans) ?? new Uint8Array());
      this.works();
    } catch (error) {
      this.fails(spans.length, error as Error);
      throw error;
    }
  }

  private async sendUntilTaken(body: Uint8Array): Promise<void> {
    const { patienceMs = 20_000, firstPauseMs = 200 } = this.options;
    const until = performance.now() + patienceMs;
    for (let failures = 1; ; failures++) {
      const { problem, retryAfterMs } = await this.attempt(body);
      if (problem === undefined) return;
      const pauseMs = retryAfterMs ?? backoffMs(failures, firstPauseMs, longestPauseMs, Math.random());
      const isLate = performance.now() + pauseMs > until;
      if (retryAfterMs === null || isLate || this.isClosing) throw new Error(problem);
      await sleep(pauseMs, undefined, { signal: this.over.signal, ref: false });
    }
  }

  /** `retryAfterMs` is null where a further try would not help, and undefined where nobody says when. */
  private async attempt(body: Uint8Array): Promise<Verdict> {
    const signal = AbortSignal.any([this.over.signal, AbortSignal.timeout(this.options.attemptMs ?? 5_000)]);
    try {
      return verdict(await this.post.send(body, signal));
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error), retryAfterMs: undefined };
    }
  }

  private fails(spans: number, { message }: Error): void {
    if (this.lost === 0) {
      const { origin, pathname } = this.options.url;
      this.options.log.warn('Cannot deliver traces: they are dropped until it works again', {
        endpoint: `${origin}${pathname}`,
        reason: message,
      });
    }
    this.lost += spans;
  }

  private works(): void {
    if (this.lost > 0) this.options.log.info('Traces are delivered again', { lostSpans: this.lost });
    this.lost = 0;
  }
}

interface Verdict {
  readonly problem: string | undefined;
  readonly retryAfterMs: number | undefined | null;
}

/** The answers after which the protocol wants another try. */
const temporary = [429, 502, 503, 504];

function verdict({ status, body, retryAfterMs }: OtlpAnswer): Verdict {
  if (status >= 200 && status < 300) return { problem: rejectionIn(body), retryAfterMs: null };
  const said = body.trim().slice(0, 200);
  const problem = `the collector answers ${status}${said === '' ? '' : `: ${said}`}`;
  return { problem, retryAfterMs: temporary.includes(status) ? retryAfterMs : null };
}

/** A collector may take a batch and yet refuse spans of it. */
function rejectionIn(body: string): string | undefined {
  try {
    const { partialSuccess } = JSON.parse(body) as {
      partialSuccess?: { rejectedSpans?: unknown; errorMessage?: unknown };
    };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    return rejected > 0
      ? `the collector refuses ${rejected} spans: ${String(partialSuccess?.errorMessage ?? '')}`
      : undefined;
  } catch {
    return undefined;
  }
}
