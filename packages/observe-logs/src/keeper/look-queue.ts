/** Something that has to be looked at. */
export interface Lookable {
  /** Does not reject. */
  look(): Promise<void>;
}

/** So many logs are looked at together: the thread pool has four threads, and others need it as well. */
const lookers = 3;

/** Looks at each that is asked for, those that are urgent first, and few at a time. */
export class LookQueue {
  private readonly urgent = new Set<Lookable>();
  private readonly others = new Set<Lookable>();
  private readonly running = new Set<Promise<void>>();
  private isClosed = false;

  add(item: Lookable, isUrgent: boolean): void {
    if (this.isClosed || this.urgent.has(item)) return;
    if (isUrgent) this.others.delete(item);
    (isUrgent ? this.urgent : this.others).add(item);
    this.begin();
  }

  delete(item: Lookable): void {
    this.urgent.delete(item);
    this.others.delete(item);
  }

  /** Resolves once nothing is looked at. Twice is harmless. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.urgent.clear();
    this.others.clear();
    await Promise.all(this.running);
  }

  private begin(): void {
    while (this.running.size < lookers) {
      const item = this.take();
      if (!item) return;
      const work = item.look().finally(() => {
        this.running.delete(work);
        this.begin();
      });
      this.running.add(work);
    }
  }

  private take(): Lookable | undefined {
    for (const items of [this.urgent, this.others]) {
      for (const item of items) {
        items.delete(item);
        return item;
      }
    }
    return undefined;
  }
}
