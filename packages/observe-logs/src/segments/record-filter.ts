import type { CriRecord, WorkloadChannel } from './cri-record.js';

/** Which records are wanted. A malformed one always is: it could be any. */
export class RecordFilter {
  constructor(
    private readonly channel: WorkloadChannel | undefined,
    private readonly sinceMs: number,
    private readonly untilMs: number,
  ) {}

  /** Whether it lets every record pass. */
  get isOpen(): boolean {
    return this.channel === undefined && this.sinceMs === -Infinity && this.untilMs === Infinity;
  }

  accepts(record: CriRecord): boolean {
    if (record.channel === '') return true;
    if (this.channel !== undefined && record.channel !== this.channel) return false;
    return record.timestampMs >= this.sinceMs && record.timestampMs <= this.untilMs;
  }

  isBefore(record: CriRecord): boolean {
    return record.channel !== '' && record.timestampMs < this.sinceMs;
  }

  isAfter(record: CriRecord): boolean {
    return record.channel !== '' && record.timestampMs > this.untilMs;
  }
}
