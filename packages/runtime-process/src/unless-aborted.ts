import { abortReason, onAbort } from '@aurae/proto';

/** What the promise gives, unless the signal aborts first: then it rejects with the signal's reason. */
export async function unlessAborted<Value>(promise: Promise<Value> | Value, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) throw abortReason(signal);
  let stopListening = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stopListening = onAbort(signal, () => reject(abortReason(signal)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}
