import { onAbort } from '@aurae/proto';
import type { ScheduleClock } from './schedule-clock.js';

/** Resolves after so long; rejects with the signal's reason as soon as that aborts. */
export async function waitOnClock(clock: ScheduleClock, milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (milliseconds <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(milliseconds, () => {
      stopListening();
      resolve();
    });
    const stopListening = onAbort(signal, () => {
      cancel();
      reject(signal.reason);
    });
  });
}
