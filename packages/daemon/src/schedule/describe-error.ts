import { isAuraeError } from '@aurae/proto';

/** What may be told of an error; the rest is for the log. */
export function describeError(error: unknown): string {
  return isAuraeError(error) ? error.message : 'an unexpected failure, which the log of the daemon tells';
}

/** Whatever was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
