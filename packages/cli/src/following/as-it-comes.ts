/** Opens a stream that ends with its signal. */
export type OpenStream<Item> = (signal: AbortSignal) => AsyncIterable<Item>;

interface Arrival<Item> {
  readonly iterator: AsyncIterator<Item>;
  readonly result?: IteratorResult<Item>;
  readonly error?: unknown;
}

/**
 * What many streams give, in the order in which it comes, at the pace at which it is taken: of each at most one item
 * waits here. The first failure ends them all, as does leaving the loop.
 */
export async function* asItComes<Item>(
  streams: readonly OpenStream<Item>[],
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const over = new AbortController();
  const own = AbortSignal.any([signal, over.signal]);
  const arrivals: Arrival<Item>[] = [];
  let wake = () => {};
  // Not Promise.race: each race would leave a mark on a stream that is silent for long.
  const arrive = (arrival: Arrival<Item>) => {
    arrivals.push(arrival);
    wake();
  };
  const ask = (iterator: AsyncIterator<Item>) => {
    iterator.next().then(
      (result) => arrive({ iterator, result }),
      (error: unknown) => arrive({ iterator, error }),
    );
  };
  const iterators = streams.map((open) => open(own)[Symbol.asyncIterator]());
  let living = iterators.length;
  for (const iterator of iterators) ask(iterator);
  try {
    while (living > 0) {
      const arrival = arrivals.shift();
      if (!arrival) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (!arrival.result) {
        throw arrival.error;
      } else if (arrival.result.done) {
        living -= 1;
      } else {
        yield arrival.result.value;
        ask(arrival.iterator);
      }
    }
  } finally {
    over.abort();
    for (const iterator of iterators) leave(iterator);
  }
}

/** Not waited for: one that is on its way comes to its end with its signal, and fails then with nobody to hear of it. */
export function leave(iterator: AsyncIterator<unknown>): void {
  iterator.return?.().catch(() => undefined);
}
