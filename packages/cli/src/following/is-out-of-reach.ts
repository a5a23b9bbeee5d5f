import { CancelledError, DeadlineExceededError, UnavailableError } from '@aurae/proto';
import { brokeOff } from './broke-off.js';

/** Whether auraed could not be asked at all: what it answers itself, also that it cannot do something, is no such thing. */
export function isOutOfReach(error: unknown): boolean {
  if (error instanceof DeadlineExceededError || brokeOff(error)) return true;
  // The client wraps what the transport told; what auraed answers comes as it is.
  const { cause } = error instanceof UnavailableError ? error : {};
  return cause instanceof UnavailableError || cause instanceof CancelledError;
}
