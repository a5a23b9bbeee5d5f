import { UnavailableError } from '@aurae/proto';
import { brokeOff } from './broke-off.js';
import type { DaemonComeback } from './daemon-comeback.js';

/**
 * A stream that is opened again when auraed went away meanwhile: whoever opens it goes on after what it has had. A
 * daemon that was not there from the beginning is a failure, as is every other one.
 *
 * @param comeback absent: nothing is opened again
 */
export async function* outlasting<Item>(
  open: () => AsyncIterable<Item>,
  comeback: DaemonComeback | undefined,
): AsyncGenerator<Item> {
  let hasBegun = false;
  for (let failures = 0; ; failures++) {
    try {
      for await (const item of open()) {
        hasBegun = true;
        failures = 0;
        yield item;
      }
      return;
    } catch (error) {
      const isRefusal = error instanceof UnavailableError && !brokeOff(error);
      if (!comeback || !(brokeOff(error) || (hasBegun && isRefusal))) throw error;
      hasBegun = true;
      if (isRefusal && failures === 1) comeback.listener.onNote(`${error.message}; trying again`);
      await comeback.pause(failures);
      await comeback.wait();
    }
  }
}
