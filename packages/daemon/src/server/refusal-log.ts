import type { Logger } from '../logging/logger.js';

const silenceMs = 10_000;
const maximumReasons = 64;

/**
 * Tells refused connections in the log: the first of each reason at once, those that follow within ten seconds as a
 * number. Anybody can be refused as often as they like, and must not push everything else out of the log by it.
 */
export class RefusalLog {
  private readonly suppressed = new Map<string, { count: number; readonly timer: NodeJS.Timeout }>();

  constructor(private readonly log: Logger) {}

  refused(reason: string, remote: string): void {
    const known = this.suppressed.get(reason);
    if (known) {
      known.count += 1;
    } else if (this.suppressed.size < maximumReasons) {
      this.log.warn('Connection refused', { reason, remote });
      const timer = setTimeout(() => this.tellSuppressed(reason), silenceMs).unref();
      this.suppressed.set(reason, { count: 0, timer });
    } else {
      // So many reasons at once are an attack: they share what follows.
      const [first] = this.suppressed.values();
      if (first) first.count += 1;
    }
  }

  /** Tells what is still to be told. */
  close(): void {
    for (const reason of [...this.suppressed.keys()]) this.tellSuppressed(reason);
  }

  private tellSuppressed(reason: string): void {
    const entry = this.suppressed.get(reason);
    if (!entry) return;
    clearTimeout(entry.timer);
    this.suppressed.delete(reason);
    if (entry.count > 0) this.log.warn('More connections refused', { reason, count: entry.count });
  }
}
