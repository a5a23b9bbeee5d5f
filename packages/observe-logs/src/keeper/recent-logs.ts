import type { KeptWorkloadLog } from './kept-workload-log.js';

const maximumLogs = 100;

/** The logs that changed last. */
export class RecentLogs implements Iterable<KeptWorkloadLog> {
  private readonly logs = new Set<KeptWorkloadLog>();

  touch(log: KeptWorkloadLog): void {
    this.logs.delete(log);
    this.logs.add(log);
    if (this.logs.size <= maximumLogs) return;
    for (const oldest of this.logs) {
      this.logs.delete(oldest);
      return;
    }
  }

  delete(log: KeptWorkloadLog): void {
    this.logs.delete(log);
  }

  [Symbol.iterator](): Iterator<KeptWorkloadLog> {
    return this.logs.values();
  }
}
