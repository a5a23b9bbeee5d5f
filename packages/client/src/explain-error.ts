import { type AuraeError, CancelledError, DeadlineExceededError, UnavailableError } from '@aurae/proto';
import type { ServiceError } from '@grpc/grpc-js';
import {
  hungUpError,
  lostConnectionError,
  notTlsError,
  refusedCertificateError,
  silentServerError,
  unreachableError,
  untrustedServerError,
} from './connection-errors.js';
import type { ClientConfig } from './discover-config.js';
import { endpointName } from './endpoint.js';
import type { ClientCredentials } from './load-credentials.js';
import { probeServer } from './probe-server.js';

const probeTimeoutMs = 3000;

/** Turns what grpc-js says of a failed call into what a person needs to know. What the daemon said stays as it is. */
export async function explainError(
  error: unknown,
  call: string,
  config: ClientConfig,
  credentials: ClientCredentials,
): Promise<unknown> {
  const status = transportStatusOf(error);
  if (!status) return error;
  if (error instanceof DeadlineExceededError) {
    const name = endpointName(config.endpoint);
    return new DeadlineExceededError(`auraed on "${name}" did not answer the call "${call}" within its deadline`, {
      cause: error,
    });
  }
  // Not the caller cancelled: a server that dies resets its streams with CANCEL.
  if (!(error instanceof UnavailableError || error instanceof CancelledError)) return error;
  return await explainConnection(error, status, config, credentials);
}

async function explainConnection(
  error: AuraeError,
  status: ServiceError,
  config: ClientConfig,
  credentials: ClientCredentials,
): Promise<AuraeError> {
  const { endpoint } = config;
  const wasConnected = !/^No connection established|^Name resolution failed/.test(status.details);
  const result = await probeServer(endpoint, credentials.secureContext, probeTimeoutMs);
  switch (result.kind) {
    case 'serving':
      return lostConnectionError(endpoint, true, error);
    case 'unreachable':
      return wasConnected ? lostConnectionError(endpoint, false, error) : unreachableError(config, result.code, error);
    case 'not-tls':
      return notTlsError(endpoint, error);
    case 'untrusted-server':
      return untrustedServerError(config, result.code, error);
    case 'refused-client':
      return refusedCertificateError(config, credentials, error);
    case 'hung-up':
      return hungUpError(endpoint, error);
    case 'silent':
      return silentServerError(endpoint, probeTimeoutMs, error);
  }
}

/** The status of a call that failed on the way. Undefined when the daemon itself answered: it adds details. */
function transportStatusOf(error: unknown): ServiceError | undefined {
  const cause = error instanceof Error ? (error.cause as Partial<ServiceError> | undefined) : undefined;
  if (typeof cause?.code !== 'number' || typeof cause.details !== 'string') return undefined;
  return cause.metadata?.get('grpc-status-details-bin').length ? undefined : (cause as ServiceError);
}
