import { join } from 'node:path';
import type { ServerCredentialPaths } from './load-server-credentials.js';

export interface PkiPaths extends ServerCredentialPaths {
  /** The private key of the certificate authority; may be kept off the machine. */
  readonly caKey: string;
}

export interface ClientPaths {
  readonly caCertificate: string;
  readonly certificate: string;
  readonly key: string;
}

/** The layout of a PKI directory. Clients and operators rely on these names. */
export function pkiPaths(pkiDir: string): PkiPaths {
  return {
    caCertificate: join(pkiDir, 'ca.crt'),
    caKey: join(pkiDir, 'ca.key'),
    certificate: join(pkiDir, '_signed.server.crt'),
    key: join(pkiDir, 'server.key'),
  };
}

/** Where the files of one client lie. `name` must be a valid client name. */
export function clientPaths(pkiDir: string, name: string): ClientPaths {
  return {
    caCertificate: join(pkiDir, 'ca.crt'),
    certificate: join(pkiDir, `_signed.client.${name}.crt`),
    key: join(pkiDir, `client.${name}.key`),
  };
}

/** Whether `fileName` is that of a certificate which a certificate authority signed. */
export function isSignedCertificateName(fileName: string): boolean {
  return /^_signed\..+\.crt$/.test(fileName);
}
