import type { Clock } from '../clock.js';
import type { KeptWorkloadLog } from './kept-workload-log.js';

/** Each log is due once in so long; one that does not change is passed over more and more often, but for every eighth time. */
const periodMs = 60_000;
const mostPassedOver = 7;
/** So many are due together. */
const sliceLength = 100;

interface SweptLog {
  /** How often it was found unchanged, and is to be passed over. */
  passes: number;
  passedOver: number;
}

/**
 * Finds out what nobody tells: rotations by shims of older daemons, growth of logs that are not rotated, and what failed
 * and is to be tried again.
 */
export class LogSweep {
  private readonly logs = new Map<KeptWorkloadLog, SweptLog>();
  private readonly closing = new AbortController();
  private order: KeptWorkloadLog[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly wantsLook: (log: KeptWorkloadLog) => void,
  ) {}

  add(log: KeptWorkloadLog): void {
    this.logs.set(log, { passes: 0, passedOver: 0 });
    this.running ??= this.run();
  }

  delete(log: KeptWorkloadLog): void {
    this.logs.delete(log);
  }

  /** It has changed, and may again. */
  touch(log: KeptWorkloadLog): void {
    const swept = this.logs.get(log);
    if (swept) swept.passes = swept.passedOver = 0;
  }

  /** Resolves once nothing is looked at. Twice is harmless. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const pauseMs = Math.min(periodMs, (periodMs * sliceLength) / Math.max(1, this.logs.size));
      await this.clock.sleep(pauseMs, signal).catch(() => undefined);
      for (const log of signal.aborted ? [] : this.nextSlice()) await this.visit(log);
    }
  }

  private nextSlice(): readonly KeptWorkloadLog[] {
    if (this.order.length === 0) this.order = [...this.logs.keys()].reverse();
    return this.order.splice(-sliceLength).reverse();
  }

  private async visit(log: KeptWorkloadLog): Promise<void> {
    const swept = this.logs.get(log);
    if (!swept || this.closing.signal.aborted) return;
    if (swept.passedOver < swept.passes && !log.needsLook) {
      swept.passedOver += 1;
      return;
    }
    swept.passes = Math.min(mostPassedOver, swept.passes * 2 + 1);
    swept.passedOver = 0;
    const changedMs = await log.directory.changedMs().catch(() => undefined);
    if (log.needsLook || changedMs !== log.seenMs) this.wantsLook(log);
    else await log.measureLast();
  }
}
