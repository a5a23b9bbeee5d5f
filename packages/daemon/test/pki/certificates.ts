import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CertificateIssuer, type CertificateRequest, issueCertificate } from '../../src/pki/issue-certificate.js';
import { generatePrivateKey } from '../../src/pki/private-key.js';

export const dayMs = 86_400_000;

export function daysFrom(date: Date, days: number): Date {
  return new Date(date.getTime() + days * dayMs);
}

export async function readCertificate(path: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path));
}

/** A certificate with whatever a test wants to be wrong with it. */
export async function makeCertificate(
  request: Partial<CertificateRequest>,
  issuer?: CertificateIssuer,
): Promise<CertificateIssuer & { certPem: string; keyPem: string }> {
  const now = new Date();
  const key = request.key ?? (await generatePrivateKey());
  const certPem = await issueCertificate(
    {
      usage: 'client',
      commonName: 'test',
      notBefore: daysFrom(now, -1),
      notAfter: daysFrom(now, 1),
      ...request,
      key,
    },
    issuer,
  );
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certificate: new X509Certificate(certPem), key, certPem, keyPem };
}

export async function makeAuthority(request: Partial<CertificateRequest> = {}) {
  return await makeCertificate({ usage: 'authority', commonName: 'Aurae CA', ...request });
}
