import { leave, type OpenStream } from './as-it-comes.js';

const most = 256;

/** The items of a stream, those together that are there together. Leaving the loop ends the stream. */
export async function* inBatches<Item>(open: OpenStream<Item>, signal: AbortSignal): AsyncGenerator<Item[]> {
  const over = new AbortController();
  const iterator = open(AbortSignal.any([signal, over.signal]))[Symbol.asyncIterator]();
  let next = iterator.next();
  try {
    for (;;) {
      let result: IteratorResult<Item> | undefined = await next;
      const batch: Item[] = [];
      while (result && !result.done) {
        batch.push(result.value);
        next = iterator.next();
        result = batch.length < most ? await Promise.race([next, nothingMore()]) : undefined;
      }
      if (batch.length > 0) yield batch;
      if (result?.done) return;
    }
  } finally {
    over.abort();
    next.catch(() => undefined);
    leave(iterator);
  }
}

/** After everything that has arrived by now. */
function nothingMore(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}
