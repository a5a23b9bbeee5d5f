import type { X509Certificate } from 'node:crypto';
import { FailedPreconditionError } from '@aurae/proto';
import {
  type CertificateInfo,
  certificateInfo,
  type CertificateChain,
  chainLeadsTo,
  readCertificates,
} from './certificate.js';
import { readPrivateKey } from './private-key.js';
import { isExpired, isNotYetValid } from './validity.js';

export interface ServerCredentialPaths {
  /** Certificates of the authorities whose clients are let in, and one of which signed the server's. */
  readonly caCertificate: string;
  /** The server's certificate, then its intermediates if there are any. */
  readonly certificate: string;
  readonly key: string;
}

/** PEM, under the names of Node's `tls` options. */
export interface ServerCredentials {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly info: CertificateInfo;
}

/** `id-kp-serverAuth` and `anyExtendedKeyUsage` */
const serverUsages = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/**
 * Reads and checks what the server's TLS needs, so that a mistake in the files is told by name here and not by a
 * handshake that fails later. Throws a FailedPreconditionError that names the path.
 */
export async function loadServerCredentials(
  paths: ServerCredentialPaths,
  now = new Date(),
): Promise<ServerCredentials> {
  const authorities = await mustExist('CA certificate', paths.caCertificate, readCertificates);
  const chain = await mustExist('server certificate', paths.certificate, readCertificates);
  const key = await mustExist('private key', paths.key, readPrivateKey);
  const [certificate] = chain;
  if (!certificate.checkPrivateKey(key)) {
    throw unusable('private key', paths.key, `it does not match the certificate ${JSON.stringify(paths.certificate)}`);
  }
  assertInTime('server certificate', paths.certificate, certificate, now);
  for (const authority of authorities) assertInTime('CA certificate', paths.caCertificate, authority, now);
  assertTrusted(paths, chain, authorities);
  return {
    ca: toPem(authorities),
    cert: toPem(chain),
    key: Buffer.from(key.export({ type: 'pkcs8', format: 'pem' })),
    info: certificateInfo(certificate),
  };
}

async function mustExist<T>(what: string, path: string, read: (path: string) => Promise<T | undefined>): Promise<T> {
  const value = await read(path);
  if (value === undefined) throw unusable(what, path, 'there is no such file; correct the path, or restore the file');
  return value;
}

function assertInTime(what: string, path: string, certificate: X509Certificate, now: Date): void {
  if (isExpired(certificate, now)) throw unusable(what, path, `it expired on ${certificate.validTo}; renew it`);
  if (isNotYetValid(certificate, now)) {
    throw unusable(what, path, `it is not valid before ${certificate.validFrom}; check the clock of this machine`);
  }
}

function assertTrusted(
  paths: ServerCredentialPaths,
  chain: CertificateChain,
  authorities: readonly X509Certificate[],
): void {
  const { keyUsage } = chain[0];
  // Named keyUsage, it holds the extended key usage, and is absent when the certificate is for any use.
  if (keyUsage?.some((usage) => serverUsages.includes(usage)) === false) {
    throw unusable('server certificate', paths.certificate, 'it is not made for a server; use one with serverAuth');
  }
  if (!chainLeadsTo(chain, authorities)) {
    const reason = `the CA ${JSON.stringify(paths.caCertificate)} does not verify it; use files of the same authority`;
    throw unusable('server certificate', paths.certificate, reason);
  }
}

function toPem(certificates: readonly X509Certificate[]): Buffer {
  return Buffer.from(certificates.map((certificate) => certificate.toString()).join(''));
}

function unusable(what: string, path: string, reason: string): FailedPreconditionError {
  return new FailedPreconditionError(`Cannot use the ${what} ${JSON.stringify(path)}: ${reason}`);
}
