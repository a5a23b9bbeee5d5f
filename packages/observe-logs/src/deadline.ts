import { abortReason, DeadlineExceededError } from '@aurae/proto';
import type { Clock } from './clock.js';

export interface Deadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Gives up earlier, with its reason. */
  readonly signal: AbortSignal;
  /** What did not come to its end, for the error's message. */
  readonly action: string;
}

/**
 * Runs work for a limited time. How the work answers to the abort of its signal is the result; work that ignores it
 * is left alone, and no longer waited for.
 */
export async function withDeadline<Result>(
  { clock, timeoutMs, signal, action }: Deadline,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw abortReason(signal);
  const call = new AbortController();
  const timer = new AbortController();
  const giveUp = () => call.abort(abortReason(signal));
  signal.addEventListener('abort', giveUp);
  const expired = clock.sleep(timeoutMs, timer.signal).then(
    () => call.abort(new DeadlineExceededError(`${action} took longer than ${timeoutMs} ms`)),
    () => {},
  );
  try {
    return await Promise.race([work(call.signal), rejection(call.signal)]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    timer.abort();
    await expired;
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    // Gives the work, which heard of it in the same moment, one turn of the event loop to answer first.
    signal.addEventListener('abort', () => setImmediate(reject, signal.reason), { once: true });
  });
}
