import { setImmediate as nextTurn } from 'node:timers/promises';

/** After so long, others have their turn at the event loop. */
const usualSliceMs = 10;

/** The items one after the other, with pauses in which the daemon does other work. */
export async function* unhurried<Item>(items: readonly Item[], sliceMs = usualSliceMs): AsyncGenerator<Item> {
  let begunAt = performance.now();
  for (const item of items) {
    if (performance.now() - begunAt > sliceMs) {
      await nextTurn();
      begunAt = performance.now();
    }
    yield item;
  }
}
