import type { X509Certificate } from 'node:crypto';
import { chainLeadsTo, parseCertificates } from './certificate.js';
import { readCredentialFile } from './credential-file.js';
import type { LeafProfile } from './leaf-profile.js';
import { inspectPrivateKey } from './private-key.js';
import { subjectAlternativeNames } from './subject-alternative-names.js';
import { describeExpiry, isAboutToExpire } from './validity.js';

export interface LeafPaths {
  readonly certificate: string;
  readonly key: string;
}

/**
 * - `sound`: nothing to do.
 * - `unusable`: without a certificate, or with a key or certificate that is damaged or of another pair.
 * - `keyless`: a sound certificate whose key is gone; that of a client may have been carried to where it is used.
 * - `foreign`: signed by another authority, so it is the operator's.
 * - `due`: it works, or did until it expired, and wants to be renewed.
 */
export type LeafState =
  | { readonly kind: 'sound' }
  | { readonly kind: 'unusable' | 'keyless' | 'foreign' | 'due'; readonly reason: string };

export async function inspectLeaf(
  paths: LeafPaths,
  profile: LeafProfile,
  authority: X509Certificate,
  now: Date,
): Promise<LeafState> {
  const pem = await readCredentialFile(paths.certificate, 'public');
  if (pem === undefined) return { kind: 'unusable', reason: 'it is missing' };
  const chain = parseCertificates(pem);
  if (chain === undefined) return { kind: 'unusable', reason: 'it is not a certificate in PEM' };
  if (!chainLeadsTo(chain, [authority])) return { kind: 'foreign', reason: '"ca.crt" did not sign it' };
  const key = await inspectPrivateKey(paths.key);
  if (key === 'missing') return { kind: 'keyless', reason: `its key ${JSON.stringify(paths.key)} is missing` };
  if (key === 'damaged' || !chain[0].checkPrivateKey(key)) {
    return { kind: 'unusable', reason: `it does not match the key ${JSON.stringify(paths.key)}` };
  }
  const reason = reasonToRenew(chain[0], profile, authority, now);
  return reason === undefined ? { kind: 'sound' } : { kind: 'due', reason };
}

function reasonToRenew(
  certificate: X509Certificate,
  profile: LeafProfile,
  authority: X509Certificate,
  now: Date,
): string | undefined {
  // No certificate outlives its authority, so at the end of that a renewal would gain nothing.
  const wouldGain = Date.parse(certificate.validTo) < Date.parse(authority.validTo);
  if (wouldGain && isAboutToExpire(certificate, now)) return describeExpiry(certificate, now);
  const missing = missingNames(certificate, profile);
  return missing.length === 0
    ? undefined
    : `it does not hold ${missing.map((name) => JSON.stringify(name)).join(', ')}`;
}

/** Names that were asked for since the certificate was made, by a new trust domain or server name. */
function missingNames(certificate: X509Certificate, { dns, ips, uris }: LeafProfile): string[] {
  const present = subjectAlternativeNames(certificate.raw);
  return [
    ...dns.filter((name) => !present.dns.includes(name)),
    ...ips.filter((address) => certificate.checkIP(address) === undefined),
    ...uris.filter((uri) => !present.uris.includes(uri)),
  ];
}
