import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { subjectAlternativeNames } from '../../src/pki/subject-alternative-names.js';
import { makeCertificate } from './certificates.js';

test('gives the names exactly as the certificate holds them', async () => {
  const ascii = fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 200 }), { maxLength: 8 });
  const { key } = await makeCertificate({});
  await fc.assert(
    fc.asyncProperty(ascii, ascii, async (dns, uris) => {
      const { certificate } = await makeCertificate({ key, dns, uris, ips: ['10.0.0.1'] });
      expect(subjectAlternativeNames(certificate.raw)).toEqual({ dns, uris });
    }),
    { numRuns: 50 },
  );
});

test('answers a damaged certificate with names or a RangeError, never otherwise', async () => {
  const { certificate } = await makeCertificate({ uris: ['spiffe://example.org/a'], dns: ['a', 'b'] });
  const damage = fc.array(fc.tuple(fc.nat({ max: certificate.raw.length - 1 }), fc.nat({ max: 255 })), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, fc.nat({ max: certificate.raw.length }), (changes, length) => {
      const bytes = Uint8Array.from(certificate.raw);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        subjectAlternativeNames(bytes.subarray(0, length));
        subjectAlternativeNames(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 3000 },
  );
});

test('finds no names in a certificate without any', async () => {
  const { certificate } = await makeCertificate({});
  expect(subjectAlternativeNames(certificate.raw)).toEqual({ dns: [], uris: [] });
});
