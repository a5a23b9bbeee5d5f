import { userInfo } from 'node:os';
import {
  type AuraeError,
  FailedPreconditionError,
  PermissionDeniedError,
  UnauthenticatedError,
  UnavailableError,
} from '@aurae/proto';
import type { ClientConfig } from './discover-config.js';
import { type Endpoint, endpointName } from './endpoint.js';
import type { ClientCredentials } from './load-credentials.js';

/** The sentences in which a client tells why it could not reach a daemon. */

export function noDaemonError({ endpoint, mayMissSystemDaemon }: ClientConfig, cause: unknown): UnavailableError {
  const hint = mayMissSystemDaemon
    ? ". A daemon of root's may run on this machine: only root can reach it, or you over TCP with a certificate from root"
    : '';
  return new UnavailableError(
    `No auraed answers on "${endpointName(endpoint)}": start it with "auraed" (from a checkout: "npm start"), or name ` +
      `the socket of a running one with --socket or AURAE_SOCKET${hint}`,
    { cause },
  );
}

export function unreachableError(config: ClientConfig, code: string, cause: unknown): AuraeError {
  const name = endpointName(config.endpoint);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return noDaemonError(config, cause);
    case 'EACCES':
    case 'EPERM':
      return new PermissionDeniedError(
        `Cannot open the socket "${name}": permission denied for user "${userInfo().username}". Run this as the ` +
          'daemon\'s user, or start a daemon of your own with "auraed"',
        { cause },
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UnavailableError(`Cannot connect to "${name}": no address is known for that host`, { cause });
    default:
      return new UnavailableError(`Cannot connect to "${name}": the system says ${code}`, { cause });
  }
}

export function lostConnectionError(endpoint: Endpoint, isServing: boolean, cause: unknown): UnavailableError {
  const now = isServing ? 'It serves again, so try again' : 'Nobody answers there now; the log of auraed tells why';
  return new UnavailableError(
    `The connection to auraed on "${endpointName(endpoint)}" broke off before the call ended. ${now}`,
    { cause },
  );
}

export function silentServerError(endpoint: Endpoint, waitedMs: number, cause: unknown): UnavailableError {
  return new UnavailableError(
    `Somebody listens on "${endpointName(endpoint)}" but did not answer within ${waitedMs / 1000} s: see whether ` +
      'auraed hangs or is stopped',
    { cause },
  );
}

export function notTlsError(endpoint: Endpoint, cause: unknown): UnavailableError {
  return new UnavailableError(`Whoever listens on "${endpointName(endpoint)}" is not auraed: it does not speak TLS`, {
    cause,
  });
}

export function hungUpError(endpoint: Endpoint, cause: unknown): UnavailableError {
  return new UnavailableError(
    `Somebody listens on "${endpointName(endpoint)}" but hung up at once: if it is an auraed that is on its way down, ` +
      'try again later',
    { cause },
  );
}

export function untrustedServerError(config: ClientConfig, code: string, cause: unknown): FailedPreconditionError {
  const name = endpointName(config.endpoint);
  const ca = config.caCertificate.path;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    return new FailedPreconditionError(
      `The certificate of auraed on "${name}" ${when}: restart auraed to renew it, and check the clock of this machine`,
      { cause },
    );
  }
  return new FailedPreconditionError(
    `The CA certificate "${ca}" did not sign the certificate of auraed on "${name}" (${code}): name the "ca.crt" of ` +
      "that daemon's PKI directory",
    { cause },
  );
}

/** The daemon hung up on the client's certificate. It cannot say why, so the certificate itself is asked. */
export function refusedCertificateError(
  config: ClientConfig,
  { clientCertificate, caCertificate }: ClientCredentials,
  cause: unknown,
): UnauthenticatedError {
  return new UnauthenticatedError(
    `auraed on "${endpointName(config.endpoint)}" does not accept the client certificate ` +
      `"${config.clientCertificate.path}"${faultOf(clientCertificate, caCertificate)}. Issue a new one with ` +
      '"aurae pki issue NAME"',
    { cause },
  );
}

function faultOf(certificate: ClientCredentials['clientCertificate'], authority: ClientCredentials['caCertificate']) {
  const now = Date.now();
  if (Date.parse(certificate.validTo) < now) return `: it expired on ${dayOf(certificate.validTo)}`;
  if (Date.parse(certificate.validFrom) > now) return `: it is not valid before ${dayOf(certificate.validFrom)}`;
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    return ': another certificate authority signed it';
  }
  return '';
}

function dayOf(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
