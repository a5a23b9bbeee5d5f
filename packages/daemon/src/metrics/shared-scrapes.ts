import { type CallContext, callContext } from '@aurae/proto';
import type { ExpositionFormat } from './exposition.js';

export type Scrape = (context: CallContext, format: ExpositionFormat) => Promise<string>;

/** One scrape at a time: who asks while one of the format goes on gets its answer, and other formats wait. */
export class SharedScrapes {
  private readonly running = new Map<ExpositionFormat, Promise<string>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly scrape: Scrape,
    private readonly timeoutMs: number,
  ) {}

  /** Rejects after the time that a scrape may take. */
  get(format: ExpositionFormat): Promise<string> {
    const running = this.running.get(format);
    if (running) return running;
    const begun = this.runAfter(this.last, format).finally(() => this.running.delete(format));
    this.running.set(format, begun);
    this.last = begun.catch(() => undefined);
    return begun;
  }

  private async runAfter(last: Promise<unknown>, format: ExpositionFormat): Promise<string> {
    await last;
    return this.scrape(callContext({ signal: AbortSignal.timeout(this.timeoutMs) }), format);
  }
}
