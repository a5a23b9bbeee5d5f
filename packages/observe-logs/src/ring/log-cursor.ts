import type { observe } from '@aurae/proto';
import type { BoundedRing } from './bounded-ring.js';

/**
 * A reader's place in a `LogRing`. It holds a number, not the lines, so it needs no disposal. Reading never waits;
 * lines that the ring let go before they were read are counted in the `dropped` field of the next item.
 */
export class LogCursor {
  constructor(
    private readonly ring: BoundedRing<observe.LogItem>,
    private next: number,
  ) {}

  /** Sequence number that comes next if nothing is lost. */
  get nextSequence(): bigint {
    return BigInt(this.next);
  }

  /** How many lines can be read now. */
  get unreadItems(): number {
    return this.ring.newest - Math.max(this.next, this.ring.oldest) + 1;
  }

  /** How many lines were lost since the last read: what the next item will report. */
  get lostItems(): number {
    return Math.max(0, this.ring.oldest - this.next);
  }

  /** Size of the next line and its fields in bytes; 0 when there is none. */
  get nextBytes(): number {
    return this.ring.bytesAt(Math.max(this.next, this.ring.oldest));
  }

  /** Whether the log has ended and everything kept was read. */
  get ended(): boolean {
    return this.ring.ended && this.unreadItems === 0;
  }

  /** The next line, or undefined when there is none yet. Every reader gets the same object: do not change it. */
  read(): observe.LogItem | undefined {
    const lost = this.lostItems;
    const sequence = this.next + lost;
    const item = this.ring.at(sequence);
    if (!item) return undefined;
    this.next = sequence + 1;
    return lost === 0 ? item : { ...item, dropped: BigInt(lost) };
  }

  /** The next lines: at most so many, and at most so many bytes; the first comes whatever its size. */
  take(maximumItems: number, maximumBytes: number): observe.LogItem[] {
    const items: observe.LogItem[] = [];
    let bytes = 0;
    while (items.length < maximumItems) {
      bytes += this.nextBytes;
      if (items.length > 0 && bytes > maximumBytes) break;
      const item = this.read();
      if (!item) break;
      items.push(item);
    }
    return items;
  }

  /** Calls `wake` once, when something can be read or the log has ended. Returns what takes it back, and tells whether it was in time. */
  park(wake: () => void): () => boolean {
    const unpark = this.ring.park(wake);
    if (this.unreadItems > 0)
      queueMicrotask(() => {
        if (unpark()) wake();
      });
    return unpark;
  }
}
