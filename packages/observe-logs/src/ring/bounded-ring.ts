/**
 * Keeps the newest entries within a number and a sum of sizes; the newest is kept whatever its size. Entries are
 * numbered from 1 up without a gap. Readers hold a number, not a copy, so that they cost the ring nothing; it knows
 * only those that are parked until something comes.
 */
export class BoundedRing<Entry> {
  private readonly slots: (Entry | undefined)[] = [];
  private readonly sizes: number[] = [];
  private first = 1;
  private last = 0;
  private totalBytes = 0;
  private hasEnded = false;
  private wakeScheduled = false;
  private readonly parked = new Set<() => void>();

  constructor(
    private readonly maximumItems: number,
    private readonly maximumBytes: number,
  ) {}

  /** Number of the oldest kept entry; one more than `newest` when there is none. */
  get oldest(): number {
    return this.first;
  }

  /** Number of the newest entry; 0 before the first. */
  get newest(): number {
    return this.last;
  }

  get bytes(): number {
    return this.totalBytes;
  }

  get ended(): boolean {
    return this.hasEnded;
  }

  get parkedReaders(): number {
    return this.parked.size;
  }

  /** Adds the entry number `newest + 1`. */
  add(entry: Entry, bytes: number): void {
    if (this.last - this.first + 1 === this.maximumItems) this.evictOldest();
    this.last += 1;
    const slot = this.slotOf(this.last);
    this.slots[slot] = entry;
    this.sizes[slot] = bytes;
    this.totalBytes += bytes;
    while (this.totalBytes > this.maximumBytes && this.first < this.last) this.evictOldest();
    this.scheduleWake();
  }

  /** The entry of this number, if it is kept. */
  at(sequence: number): Entry | undefined {
    return sequence < this.first || sequence > this.last ? undefined : this.slots[this.slotOf(sequence)];
  }

  /** Size of the entry of this number; 0 if it is not kept. */
  bytesAt(sequence: number): number {
    return sequence < this.first || sequence > this.last ? 0 : (this.sizes[this.slotOf(sequence)] ?? 0);
  }

  /** Tells every parked reader that nothing more is to be waited for. */
  end(): void {
    this.hasEnded = true;
    this.scheduleWake();
  }

  /** Calls `wake` once, after the next entry or the end. Returns what takes it back, and tells whether it was in time. */
  park(wake: () => void): () => boolean {
    this.parked.add(wake);
    if (this.hasEnded) this.scheduleWake();
    return () => this.parked.delete(wake);
  }

  private slotOf(sequence: number): number {
    return (sequence - 1) % this.maximumItems;
  }

  private evictOldest(): void {
    const slot = this.slotOf(this.first);
    this.slots[slot] = undefined;
    this.totalBytes -= this.sizes[slot] ?? 0;
    this.first += 1;
  }

  /** One wake for a whole burst: readers run when the code that adds has returned to the event loop. */
  private scheduleWake(): void {
    if (this.wakeScheduled || this.parked.size === 0) return;
    this.wakeScheduled = true;
    queueMicrotask(() => {
      this.wakeScheduled = false;
      const wakes = [...this.parked];
      this.parked.clear();
      for (const wake of wakes) wake();
    });
  }
}
