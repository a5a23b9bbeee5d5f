import type { meta } from '@aurae/proto';
import { workloadKey } from '../workload-key.js';
import type { LogLedger } from './log-ledger.js';

/** Keeps logs beyond their bounds for whoever has not read them yet. */
export interface LogHolder extends Disposable {
  /** Of what is kept beyond the bounds, so much is there for this holder. */
  readonly heldBytes: number;
  /** Keeps the records from this one on; of them the ones before are let go. Cheap, for every batch that is read. */
  hold(workload: meta.WorkloadReference, fromSequence: bigint): void;
  /** Holds nothing of it any more. */
  release(workload: meta.WorkloadReference): void;
  /** Holds nothing any more. Twice is harmless. */
  dispose(): void;
}

interface Hold {
  readonly from: number;
  /** What was given up before this one, for want of room. */
  surrendered: number;
}

/** The records that one holder needs, by workload. */
export class LogHolds implements LogHolder {
  /** Kept up to date by `Retention`. */
  heldBytes = 0;
  private readonly holds = new Map<string, Hold>();

  constructor(
    readonly name: string,
    readonly maximumBytes: number,
    /** Hears of what is held no more, and of what is. */
    private readonly onChange: (key: string) => void,
    private readonly onDispose: (holder: LogHolds) => void,
  ) {}

  hold(workload: meta.WorkloadReference, fromSequence: bigint): void {
    const key = workloadKey(workload);
    const from = Number(fromSequence);
    const before = this.holds.get(key);
    if (before?.from === from) return;
    // Numbers that go back are those of another log of that name.
    const isAnew = before === undefined || from < before.from;
    this.holds.set(key, { from, surrendered: isAnew ? 0 : before.surrendered });
    this.onChange(key);
  }

  release(workload: meta.WorkloadReference): void {
    const key = workloadKey(workload);
    if (this.holds.delete(key)) this.onChange(key);
  }

  dispose(): void {
    this.holds.clear();
    this.onDispose(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Whether the segment at this place has a record that is held. */
  holdsSegment(ledger: LogLedger, index: number): boolean {
    const hold = this.holds.get(ledger.key);
    return hold !== undefined && ledger.endOf(index) >= Math.max(hold.from, hold.surrendered);
  }

  /** Of the segments that are beyond the bounds. */
  heldBytesOf(ledger: LogLedger): number {
    if (ledger.due === 0 || !this.holds.has(ledger.key)) return 0;
    let bytes = 0;
    for (let index = ledger.due - 1; index >= 0 && this.holdsSegment(ledger, index); index--) {
      bytes += ledger.segments[index]?.bytes ?? 0;
    }
    return bytes;
  }

  /** Gives up what is in the segment at this place, and before it. */
  surrender(ledger: LogLedger, index: number): void {
    const hold = this.holds.get(ledger.key);
    if (hold) hold.surrendered = Math.max(hold.surrendered, ledger.endOf(index) + 1);
  }
}
