import { X509Certificate } from 'node:crypto';
import { FailedPreconditionError } from '@aurae/proto';
import { readCredentialFile } from './credential-file.js';
import { subjectAlternativeNames } from './subject-alternative-names.js';

export interface CertificateInfo {
  readonly subject: string;
  readonly serialNumber: string;
  readonly fingerprint256: string;
  /** The first URI among the alternative names. */
  readonly uri?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function certificateInfo(certificate: X509Certificate): CertificateInfo {
  const [uri] = subjectAlternativeNames(certificate.raw).uris;
  return {
    subject: certificate.subject,
    serialNumber: certificate.serialNumber,
    fingerprint256: certificate.fingerprint256,
    ...(uri !== undefined && { uri }),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  };
}

/** A leaf and the intermediates that follow it in its file. */
export type CertificateChain = readonly [X509Certificate, ...X509Certificate[]];

/** The certificates in a PEM file, or undefined when there is no file. */
export async function readCertificates(path: string): Promise<CertificateChain | undefined> {
  const pem = await readCredentialFile(path, 'public');
  if (pem === undefined) return undefined;
  const chain = parseCertificates(pem);
  if (chain !== undefined) return chain;
  throw new FailedPreconditionError(
    `Cannot use the certificate ${JSON.stringify(path)}: it is not a certificate in PEM; restore it from a backup`,
  );
}

/** The certificates in a PEM text, or undefined when it holds none, or one that is damaged. */
export function parseCertificates(pem: string): CertificateChain | undefined {
  // Node's parser takes DER too, and would pass over whatever follows the first certificate.
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length !== pem.split('-----BEGIN CERTIFICATE-----').length - 1) return undefined;
  try {
    const [leaf, ...others] = blocks.map((block) => new X509Certificate(block));
    return leaf === undefined ? undefined : [leaf, ...others];
  } catch {
    return undefined;
  }
}

/** Whether a path leads from the leaf, over the other certificates of the chain, to one of the authorities. */
export function chainLeadsTo(
  [leaf, ...intermediates]: CertificateChain,
  authorities: readonly X509Certificate[],
): boolean {
  let current = leaf;
  const unused = new Set(intermediates);
  while (!authorities.some((authority) => isIssuedBy(current, authority))) {
    const next = [...unused].find((candidate) => isIssuedBy(current, candidate));
    if (next === undefined) return false;
    unused.delete(next);
    current = next;
  }
  return true;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
