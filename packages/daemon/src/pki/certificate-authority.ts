import type { KeyObject, X509Certificate } from 'node:crypto';
import { basename } from 'node:path';
import { FailedPreconditionError } from '@aurae/proto';
import { readCertificates } from './certificate.js';
import { createFileDurably } from '../lifecycle/durable-file.js';
import { type CertificateIssuer, issueCertificate } from './issue-certificate.js';
import { signedCertificates } from './pki-directory.js';
import { type PkiPaths, pkiPaths } from './pki-paths.js';
import { ensurePrivateKey, readPrivateKey } from './private-key.js';
import { authorityDays, isExpired, validityFor } from './validity.js';

/**
 * Always the same, so that a certificate which is made again from the same key still verifies what it signed.
 * Two authorities are told apart by their key identifiers.
 */
const authorityName = 'Aurae CA';

export interface CertificateAuthority {
  readonly certificate: X509Certificate;
  readonly paths: PkiPaths;
  /** Absent when the operator keeps it off this machine: then nothing can be issued here. */
  readonly key?: KeyObject;
}

/** The certificate authority of a PKI directory, or undefined when it has none yet. */
export async function loadCertificateAuthority(pkiDir: string): Promise<CertificateAuthority | undefined> {
  const paths = pkiPaths(pkiDir);
  const certificate = (await readCertificates(paths.caCertificate))?.[0];
  if (certificate === undefined) return undefined;
  const key = await readPrivateKey(paths.caKey);
  if (key === undefined) return { certificate, paths };
  if (!certificate.checkPrivateKey(key)) {
    throw new FailedPreconditionError(
      `Cannot use the certificate authority in ${JSON.stringify(pkiDir)}: the key "${basename(paths.caKey)}" does not ` +
        `match "${basename(paths.caCertificate)}"; restore the two from the same backup`,
    );
  }
  return { certificate, paths, key };
}

/**
 * Loads the certificate authority, or makes it when there is none. What exists is never replaced: every client
 * trusts it. A key without a certificate is what a crash leaves, and is completed.
 */
export async function ensureCertificateAuthority(
  pkiDir: string,
  now: Date,
): Promise<{ authority: CertificateAuthority; generated: string[] }> {
  const existing = await loadCertificateAuthority(pkiDir);
  if (existing !== undefined) return { authority: existing, generated: [] };
  const paths = pkiPaths(pkiDir);
  // Reading it refuses a damaged key, which unlike that of a leaf is not replaced: it may have signed something.
  if ((await readPrivateKey(paths.caKey)) === undefined) await assertNothingSigned(pkiDir);
  const key = await ensurePrivateKey(paths.caKey);
  const data = await issueCertificate({
    usage: 'authority',
    commonName: authorityName,
    key,
    ...validityFor(now, authorityDays),
  });
  const created = await createFileDurably({ path: paths.caCertificate, data, mode: 0o644 });
  const authority = await loadCertificateAuthority(pkiDir);
  if (authority === undefined) {
    throw new FailedPreconditionError(
      `Cannot use ${JSON.stringify(paths.caCertificate)}: it was removed as it was made`,
    );
  }
  return { authority, generated: created ? [paths.caCertificate] : [] };
}

/** The authority as an issuer. Throws when its key is away or its time is over. */
export function asIssuer({ certificate, paths, key }: CertificateAuthority, now: Date): CertificateIssuer {
  if (key === undefined) {
    throw new FailedPreconditionError(
      `Cannot issue a certificate: the key ${JSON.stringify(paths.caKey)} of the certificate authority is missing; ` +
        'put it back while certificates are issued',
    );
  }
  if (isExpired(certificate, now)) {
    throw new FailedPreconditionError(
      `Cannot issue a certificate: the certificate authority ${JSON.stringify(paths.caCertificate)} expired on ` +
        `${certificate.validTo}; move the PKI directory away and start auraed to make a new one`,
    );
  }
  return { certificate, key };
}

async function assertNothingSigned(pkiDir: string): Promise<void> {
  const [signed] = await signedCertificates(pkiDir);
  if (signed === undefined) return;
  throw new FailedPreconditionError(
    `Cannot make a certificate authority in ${JSON.stringify(pkiDir)}: ${JSON.stringify(signed)} was signed by one ` +
      'whose "ca.crt" and "ca.key" are missing; restore the two, or move the directory away to start anew',
  );
}
