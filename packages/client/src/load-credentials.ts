import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { FailedPreconditionError } from '@aurae/proto';
import { noDaemonError } from './connection-errors.js';
import type { ClientConfig, CredentialFile } from './discover-config.js';

/** What a client shows to the daemon, and by what it knows the daemon. */
export interface ClientCredentials {
  readonly secureContext: SecureContext;
  readonly caCertificate: X509Certificate;
  readonly clientCertificate: X509Certificate;
}

/** Reads and checks the three files. No network is used. */
export function loadCredentials(config: ClientConfig): ClientCredentials {
  const ca = readCredential(config.caCertificate, 'CA certificate', config);
  const certificate = readCredential(config.clientCertificate, 'client certificate', config);
  const key = readCredential(config.clientKey, 'client key', config);
  const caCertificate = parseCertificate(ca, config.caCertificate, 'CA certificate');
  const clientCertificate = parseCertificate(certificate, config.clientCertificate, 'client certificate');
  if (!clientCertificate.checkPrivateKey(parseKey(key, config.clientKey))) {
    throw new FailedPreconditionError(
      `The client key "${config.clientKey.path}" does not belong to the client certificate ` +
        `"${config.clientCertificate.path}": name two files of one client (${config.clientKey.source})`,
    );
  }
  const secureContext = createSecureContext({ ca, cert: certificate, key, minVersion: 'TLSv1.2' });
  return { secureContext, caCertificate, clientCertificate };
}

function readCredential({ path, source }: CredentialFile, what: string, config: ClientConfig): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const { endpoint } = config;
    // On a fresh machine neither exists. That no daemon ever ran is then what a person needs to know.
    if (isMissing && endpoint.kind === 'unix' && !existsSync(endpoint.path)) throw noDaemonError(config, cause);
    throw new FailedPreconditionError(`Cannot read the ${what} "${path}" (${source}): ${nextStep(code)}`, { cause });
  }
}

function nextStep(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'it does not exist. auraed makes it when it first starts; "aurae pki issue NAME" makes one for another client';
    case 'EACCES':
    case 'EPERM':
      return (
        'permission denied. Run this as the owner of the file, or have the owner issue a certificate for you with ' +
        '"aurae pki issue NAME --out DIR" and name its files in ~/.aurae/config'
      );
    default:
      return `the system says ${code ?? 'nothing more'}`;
  }
}

function parseCertificate(pem: Buffer, { path, source }: CredentialFile, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new FailedPreconditionError(`The ${what} "${path}" (${source}) is not a certificate in PEM form`, { cause });
  }
}

function parseKey(pem: Buffer, { path, source }: CredentialFile): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new FailedPreconditionError(
      `The client key "${path}" (${source}) is not an unencrypted private key in PEM form`,
      { cause },
    );
  }
}
