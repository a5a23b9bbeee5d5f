import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

export interface Certificate {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
  readonly keyPem: string;
}

export interface CertificateOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly dns?: readonly string[];
}

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * dayMs);
}

/** A certificate for a test; self-signed when nobody signs it. */
export async function makeCertificate(
  name: string,
  signer?: Certificate,
  { notBefore = daysFromNow(-10), notAfter = daysFromNow(10), dns = [] }: CertificateOptions = {},
): Promise<Certificate> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[1]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: signer?.certificate.subject ?? `CN=${name}`,
    publicKey: keys.publicKey,
    signingKey: (signer ?? { keys }).keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(signer === undefined, undefined, true),
      ...(dns.length > 0
        ? [new x509.SubjectAlternativeNameExtension(dns.map((value) => ({ type: 'dns' as const, value })))]
        : []),
    ],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  return { certificate, keys, pem: certificate.toString('pem'), keyPem };
}

export interface TestPki {
  readonly authority: Certificate;
  readonly server: Certificate;
  readonly client: Certificate;
}

export async function makePki(): Promise<TestPki> {
  const authority = await makeCertificate('Test CA');
  const server = await makeCertificate('server', authority, { dns: ['server.unsafe.aurae.io'] });
  const client = await makeCertificate('admin', authority);
  return { authority, server, client };
}

/** Lays out the files of a client as the daemon would. */
export function writeClientPki(pkiDir: string, authority: Certificate, client: Certificate): void {
  mkdirSync(pkiDir, { recursive: true });
  writeFileSync(join(pkiDir, 'ca.crt'), authority.pem);
  writeFileSync(join(pkiDir, '_signed.client.admin.crt'), client.pem);
  writeFileSync(join(pkiDir, 'client.admin.key'), client.keyPem, { mode: 0o600 });
}
