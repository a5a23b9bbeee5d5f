/** Items in the order of their times; the time of each may change. A binary heap in which each item knows its place. */
export class OldestFirst<Item> {
  private readonly items: Item[] = [];
  private readonly places = new Map<Item, number>();

  constructor(private readonly timeOf: (item: Item) => number) {}

  get first(): Item | undefined {
    return this.items[0];
  }

  /** Adds the item, or takes note that its time has changed. */
  set(item: Item): void {
    const place = this.places.get(item) ?? this.items.push(item) - 1;
    this.down(this.up(place, item), item);
  }

  delete(item: Item): void {
    const place = this.places.get(item);
    if (place === undefined) return;
    this.places.delete(item);
    const last = this.items.pop() as Item;
    if (last !== item) this.down(this.up(place, last), last);
  }

  private up(place: number, item: Item): number {
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.items[parent] as Item;
      if (this.timeOf(above) <= this.timeOf(item)) break;
      this.put(place, above);
      place = parent;
    }
    this.put(place, item);
    return place;
  }

  private down(place: number, item: Item): void {
    for (;;) {
      const child = this.earlierChild(place);
      const below = this.items[child];
      if (below === undefined || this.timeOf(below) >= this.timeOf(item)) break;
      this.put(place, below);
      place = child;
    }
    this.put(place, item);
  }

  private earlierChild(place: number): number {
    const left = place * 2 + 1;
    const [one, other] = [this.items[left], this.items[left + 1]];
    const isRight = one !== undefined && other !== undefined && this.timeOf(other) < this.timeOf(one);
    return isRight ? left + 1 : left;
  }

  private put(place: number, item: Item): void {
    this.items[place] = item;
    this.places.set(item, place);
  }
}
