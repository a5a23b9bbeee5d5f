import { UnauthenticatedError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { peerIdentity } from '../../src/pki/index.js';
import { daysFrom, makeCertificate } from './certificates.js';

describe('the identity', () => {
  test('is the first SPIFFE id among the URIs', async () => {
    const uris = ['https://example.org/', 'spiffe://example.org/first', 'spiffe://example.org/second'];
    const { certificate } = await makeCertificate({ commonName: 'someone', uris });
    expect(peerIdentity(certificate)).toMatchObject({
      id: 'spiffe://example.org/first',
      kind: 'spiffe',
      commonName: 'someone',
    });
  });

  test('is the common name when there is no SPIFFE id', async () => {
    const notAfter = new Date('2049-01-02T03:04:05Z');
    const { certificate } = await makeCertificate({ commonName: 'someone, "else"', dns: ['a'], notAfter });
    expect(peerIdentity(certificate)).toEqual({
      id: 'someone, "else"',
      kind: 'common-name',
      commonName: 'someone, "else"',
      fingerprint256: certificate.fingerprint256,
      serialNumber: certificate.serialNumber,
      validTo: notAfter,
    });
  });

  test('is the same from DER, from an X509Certificate and from getPeerCertificate', async () => {
    const { certificate } = await makeCertificate({ uris: ['spiffe://example.org/a'] });
    const identity = peerIdentity(certificate);
    expect(peerIdentity(certificate.raw)).toEqual(identity);
    expect(peerIdentity(new Uint8Array(certificate.raw))).toEqual(identity);
    expect(peerIdentity(certificate.toLegacyObject())).toEqual(identity);
  });

  test.each([
    'x, URI:spiffe://example.org/client/admin',
    'x", URI:"spiffe://example.org/client/admin',
    'x\n URI:spiffe://example.org/client/admin',
    'x\0spiffe://example.org/client/admin',
  ])('is not taken from a name that only looks like a URI: %j (CVE-2021-44532)', async (value) => {
    const { certificate } = await makeCertificate({ commonName: 'plain', dns: [value], uris: [`https://${value}`] });
    expect(peerIdentity(certificate)).toMatchObject({ id: 'plain', kind: 'common-name' });
  });

  test('is not taken from a DNS name that holds a SPIFFE id', async () => {
    const { certificate } = await makeCertificate({ commonName: 'plain', dns: ['spiffe://example.org/client/admin'] });
    expect(peerIdentity(certificate)).toMatchObject({ id: 'plain', kind: 'common-name' });
  });
});

describe('is refused', () => {
  test.each([
    'spiffe://example.org/a?b',
    'spiffe://example.org:1/a',
    'SPIFFE://example.org/a',
    'spiffe://example.org/a, URI:spiffe://example.org/b',
    'spiffe://example.org/a\0b',
  ])('a certificate with the malformed SPIFFE id %j, instead of a fall-back to its common name', async (uri) => {
    const { certificate } = await makeCertificate({ commonName: 'admin', uris: [uri] });
    expect(() => peerIdentity(certificate)).toThrow(UnauthenticatedError);
    expect(() => peerIdentity(certificate)).toThrow(/malformed/);
  });

  test.each(['', 'spiffe://example.org/client/admin', 'SPIFFE:x', 'admin\0.evil', 'ad\u202emin', 'admin\n'])(
    'a certificate with nothing but the common name %j',
    async (commonName) => {
      const { certificate } = await makeCertificate({ commonName });
      expect(() => peerIdentity(certificate)).toThrow(UnauthenticatedError);
    },
  );

  test('a certificate with two common names', async () => {
    const { certificate } = await makeCertificateWithTwoNames();
    expect(() => peerIdentity(certificate)).toThrow(/neither a SPIFFE id nor one plain common name/);
  });

  test('a peer without a certificate, or with something else', () => {
    expect(() => peerIdentity({})).toThrow(/sent no certificate/);
    expect(() => peerIdentity(Buffer.from('nonsense'))).toThrow(UnauthenticatedError);
  });
});

async function makeCertificateWithTwoNames() {
  const { X509Certificate } = await import('node:crypto');
  await makeCertificate({});
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const generated = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=admin, CN=someone',
    keys,
    notAfter: daysFrom(new Date(), 1),
  });
  return { certificate: new X509Certificate(Buffer.from(generated.rawData)) };
}
