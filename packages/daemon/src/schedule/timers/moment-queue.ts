/** A place in the queue. */
export interface QueuedMoment<Item> {
  readonly item: Item;
  readonly atMs: number;
  index: number;
}

/** Items, each with a moment, of which the earliest comes first: a binary heap. */
export class MomentQueue<Item> {
  readonly #heap: QueuedMoment<Item>[] = [];

  get first(): QueuedMoment<Item> | undefined {
    return this.#heap[0];
  }

  get size(): number {
    return this.#heap.length;
  }

  /** All of them, in no order. */
  items(): Item[] {
    return this.#heap.map(({ item }) => item);
  }

  add(item: Item, atMs: number): QueuedMoment<Item> {
    const place = { item, atMs, index: this.#heap.length };
    this.#heap.push(place);
    this.#rise(place);
    return place;
  }

  /** Harmless where it is gone already. */
  remove(place: QueuedMoment<Item>): void {
    if (this.#heap[place.index] !== place) return;
    const last = this.#heap.pop();
    if (last !== undefined && last !== place) {
      this.#put(last, place.index);
      this.#rise(last);
      this.#sink(last);
    }
    place.index = -1;
  }

  #rise(place: QueuedMoment<Item>): void {
    while (place.index > 0) {
      const parent = this.#heap[(place.index - 1) >> 1];
      if (parent === undefined || parent.atMs <= place.atMs) return;
      this.#swap(parent, place);
    }
  }

  #sink(place: QueuedMoment<Item>): void {
    for (;;) {
      const left = this.#heap[2 * place.index + 1];
      const right = this.#heap[2 * place.index + 2];
      const child = right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left;
      if (child === undefined || child.atMs >= place.atMs) return;
      this.#swap(place, child);
    }
  }

  #swap(upper: QueuedMoment<Item>, lower: QueuedMoment<Item>): void {
    const { index } = upper;
    this.#put(upper, lower.index);
    this.#put(lower, index);
  }

  #put(place: QueuedMoment<Item>, index: number): void {
    this.#heap[index] = place;
    place.index = index;
  }
}
