export interface BackoffOptions {
  /** Upper end of the first wait. 1 ms to 1 h; default 100 ms. */
  readonly initialBackoffMs?: number;
  /** Upper end of every wait. 1 ms to 1 h; default 30 s. */
  readonly maximumBackoffMs?: number;
}

/**
 * Milliseconds to wait after this many failures in a row: doubled each time, up to the maximum. The upper half is
 * random, so that many who failed together do not come back together.
 *
 * @param random from 0 to 1, as `Math.random` gives it
 */
export function backoffMs(failures: number, initialMs: number, maximumMs: number, random: number): number {
  const exponential = Math.min(maximumMs, initialMs * 2 ** Math.min(failures - 1, 52));
  return exponential * (0.5 + random / 2);
}
