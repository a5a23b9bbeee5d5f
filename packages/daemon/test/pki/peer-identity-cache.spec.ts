import { UnauthenticatedError } from '@aurae/proto';
import { expect, test } from 'vitest';
import { PeerIdentityCache, peerIdentity } from '../../src/pki/index.js';
import { makeCertificate } from './certificates.js';

test('answers as peerIdentity does, and the same object for the same certificate', async () => {
  const cache = new PeerIdentityCache();
  const [one, two] = [await makeCertificate({ commonName: 'one' }), await makeCertificate({ commonName: 'two' })];
  const first = cache.identityOf(one.certificate.toLegacyObject());
  expect(first).toEqual(peerIdentity(one.certificate));
  expect(cache.identityOf(new Uint8Array(one.certificate.raw))).toBe(first);
  expect(cache.identityOf(two.certificate).id).toBe('two');
});

test('forgets the first identity when it is full', async () => {
  const cache = new PeerIdentityCache(2);
  const all = [await makeCertificate({}), await makeCertificate({}), await makeCertificate({})];
  const [first, second] = all.map(({ certificate }) => cache.identityOf(certificate));
  expect(cache.identityOf(all[1]!.certificate)).toBe(second);
  expect(cache.identityOf(all[0]!.certificate)).not.toBe(first);
});

test('refuses what peerIdentity refuses, every time', async () => {
  const cache = new PeerIdentityCache();
  const { certificate } = await makeCertificate({ uris: ['spiffe://example.org'] });
  for (const source of [certificate, certificate, {}]) {
    expect(() => cache.identityOf(source)).toThrow(UnauthenticatedError);
  }
});
