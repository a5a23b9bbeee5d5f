import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { toSigningKey } from './private-key.js';
import { loadX509Library } from './x509-library.js';

type X509Library = typeof import('@peculiar/x509');

export interface CertificateRequest {
  readonly usage: 'authority' | 'server' | 'client';
  readonly commonName: string;
  readonly dns?: readonly string[];
  readonly ips?: readonly string[];
  readonly uris?: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The private key, whose public half is certified. */
  readonly key: KeyObject;
}

export interface CertificateIssuer {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/**
 * Makes a certificate as it is asked for, in PEM, and touches no file. Without an issuer it is self-signed.
 * The profile is that of RFC 5280, section 4.2.1.
 */
export async function issueCertificate(request: CertificateRequest, issuer?: CertificateIssuer): Promise<string> {
  const x509 = await loadX509Library();
  const publicKey = createPublicKey(request.key).export({ type: 'spki', format: 'der' });
  const subject = new x509.Name([{ CN: [{ utf8String: request.commonName }] }]);
  const issuerCertificate = issuer && new x509.X509Certificate(issuer.certificate.raw);
  const issuerKeyId =
    issuerCertificate?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ??
    (await x509.SubjectKeyIdentifierExtension.create(issuerCertificate?.publicKey ?? publicKey)).keyId;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuerCertificate?.subjectName ?? subject,
    publicKey,
    signingKey: await toSigningKey(issuer?.key ?? request.key),
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    extensions: [
      ...usageExtensions(x509, request.usage),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      new x509.AuthorityKeyIdentifierExtension(issuerKeyId),
      ...alternativeNames(x509, request),
    ],
  });
  return `${certificate.toString('pem')}\n`;
}

function usageExtensions(x509: X509Library, usage: CertificateRequest['usage']) {
  if (usage === 'authority') {
    return [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ];
  }
  const extended = usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([extended]),
  ];
}

function alternativeNames(x509: X509Library, { dns = [], ips = [], uris = [] }: CertificateRequest) {
  const names = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...ips.map((value) => ({ type: 'ip' as const, value })),
    ...uris.map((value) => ({ type: 'url' as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}
