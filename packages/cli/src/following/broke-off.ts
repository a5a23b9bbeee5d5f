import { ShuttingDownError, UnavailableError } from '@aurae/proto';

/** Details of grpc-js for a call for which there never was a connection. */
const neverConnected = /^No connection established|^Name resolution failed/;

/** Whether a connection that there was has broken off: not that there was none, nor that auraed itself said no. */
export function brokeOff(error: unknown): boolean {
  if (error instanceof ShuttingDownError) return true;
  if (!(error instanceof UnavailableError)) return false;
  // The client wraps what the transport told; what auraed answers comes as it is.
  const transport = error.cause instanceof Error ? error.cause.cause : undefined;
  const details = transport instanceof Error && 'details' in transport ? transport.details : undefined;
  return typeof details === 'string' && !neverConnected.test(details);
}
