import { X509Certificate } from 'node:crypto';
import { UnauthenticatedError } from '@aurae/proto';
import { hasSpiffeScheme, parseSpiffeId } from './spiffe-id.js';
import { subjectAlternativeNames } from './subject-alternative-names.js';

export interface PeerIdentity {
  /** What a policy compares, together with `kind`. */
  readonly id: string;
  readonly kind: 'spiffe' | 'common-name';
  /** Absent when the subject has none, several, or one that is not plain text. */
  readonly commonName?: string;
  /** Upper-case hexadecimal, with colons. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  readonly validTo: Date;
}

/** DER, or anything that has it: Node's `X509Certificate`, or the result of `TLSSocket.getPeerCertificate()`. */
export type PeerCertificateSource = Uint8Array | { readonly raw?: Uint8Array };

/**
 * Who the peer is: the first SPIFFE id among the URIs of its certificate, else the common name of its subject.
 *
 * It does not verify the certificate; the TLS handshake must have done so. Throws an UnauthenticatedError when there is no
 * certificate, when a `spiffe:` URI is malformed, or when there is neither id.
 */
export function peerIdentity(source: PeerCertificateSource): PeerIdentity {
  const certificate = parse(source);
  const facts = {
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    validTo: new Date(certificate.validTo),
  };
  const commonName = commonNameOf(certificate);
  const named = commonName === undefined ? facts : { ...facts, commonName };
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId !== undefined) return { ...named, id: spiffeId, kind: 'spiffe' };
  if (commonName !== undefined) return { ...named, id: commonName, kind: 'common-name' };
  throw refused(certificate, 'it holds neither a SPIFFE id nor one plain common name');
}

function parse(source: PeerCertificateSource): X509Certificate {
  const der = source instanceof Uint8Array ? source : source.raw;
  if (der === undefined) {
    throw new UnauthenticatedError(
      'Cannot identify the caller: it sent no certificate; configure a client certificate',
    );
  }
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw new UnauthenticatedError('Cannot identify the caller: its certificate is not DER; replace the certificate', {
      cause: error,
    });
  }
}

function spiffeIdOf(certificate: X509Certificate): string | undefined {
  const claimed = alternativeUris(certificate).find(hasSpiffeScheme);
  if (claimed === undefined) return undefined;
  const spiffeId = parseSpiffeId(claimed);
  // To fall back to the common name would let a certificate choose between two identities.
  if (spiffeId === undefined) throw refused(certificate, `the SPIFFE id ${JSON.stringify(claimed)} is malformed`);
  return spiffeId.id;
}

function alternativeUris(certificate: X509Certificate): readonly string[] {
  try {
    return subjectAlternativeNames(certificate.raw).uris;
  } catch (error) {
    throw refused(certificate, 'its alternative names are malformed', error);
  }
}

function commonNameOf(certificate: X509Certificate): string | undefined {
  // The subject as text would have to be unescaped; here each value is as the certificate holds it.
  const name: unknown = certificate.toLegacyObject().subject?.CN;
  if (typeof name !== 'string' || name === '' || /[\p{Cc}\p{Cf}]/u.test(name)) return undefined;
  // A common name must not pass for a SPIFFE id where a policy compares ids alone.
  return hasSpiffeScheme(name) ? undefined : name;
}

function refused(certificate: X509Certificate, reason: string, cause?: unknown): UnauthenticatedError {
  return new UnauthenticatedError(
    `Cannot identify the caller by its certificate with serial number "${certificate.serialNumber}": ${reason}; ` +
      'replace the certificate',
    { cause },
  );
}
