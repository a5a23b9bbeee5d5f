import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AlreadyExistsError, FailedPreconditionError, InvalidSpecError } from '@aurae/proto';
import { expect, test } from 'vitest';
import { clientPaths, ensurePki, issueClient, peerIdentity, pkiPaths } from '../../src/pki/index.js';
import { dayMs, readCertificate } from './certificates.js';
import { temporaryDirectory } from './temporary-directory.js';

async function freshPki(): Promise<string> {
  const pkiDir = join(await temporaryDirectory(), 'pki');
  await ensurePki({ pkiDir });
  return pkiDir;
}

test('issues a client certificate that the authority verifies', async () => {
  const pkiDir = await freshPki();
  const { paths, info } = await issueClient({ pkiDir, name: 'ci.runner-1', days: 7, trustDomain: 'example.org' });
  const certificate = await readCertificate(paths.certificate);
  expect(certificate.verify((await readCertificate(paths.caCertificate)).publicKey)).toBe(true);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(peerIdentity(certificate)).toMatchObject({
    id: 'spiffe://example.org/client/ci.runner-1',
    kind: 'spiffe',
    commonName: 'ci.runner-1',
  });
  expect(info).toMatchObject({
    uri: 'spiffe://example.org/client/ci.runner-1',
    serialNumber: certificate.serialNumber,
  });
  expect(Math.round((info.notAfter.getTime() - Date.now()) / dayMs)).toBe(7);
  expect((await stat(paths.key)).mode & 0o777).toBe(0o600);
  expect(await readFile(paths.key, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

test('refuses a name that is taken, and leaves its files alone', async () => {
  const pkiDir = await freshPki();
  const { certificate, key } = clientPaths(pkiDir, 'admin');
  const before = [await readFile(certificate, 'utf8'), await readFile(key, 'utf8')];
  await expect(issueClient({ pkiDir, name: 'admin' })).rejects.toThrow(AlreadyExistsError);
  expect([await readFile(certificate, 'utf8'), await readFile(key, 'utf8')]).toEqual(before);
});

test('overwrites key and certificate when told to', async () => {
  const pkiDir = await freshPki();
  const { key } = clientPaths(pkiDir, 'admin');
  const before = await readFile(key, 'utf8');
  const { paths } = await issueClient({ pkiDir, name: 'admin', overwrite: true });
  expect(await readFile(key, 'utf8')).not.toBe(before);
  const { createPrivateKey } = await import('node:crypto');
  const certificate = await readCertificate(paths.certificate);
  expect(certificate.checkPrivateKey(createPrivateKey(await readFile(key)))).toBe(true);
});

test('an overwrite that cannot be done removes nothing', async () => {
  const pkiDir = await freshPki();
  await rm(pkiPaths(pkiDir).caKey);
  await expect(issueClient({ pkiDir, name: 'admin', overwrite: true })).rejects.toThrow(/ca\.key" .* is missing/);
  expect(await readdir(pkiDir)).toHaveLength(5);
});

test.each(['', '-----BEGIN PRIVATE KEY-----\n'])(
  'completes a name that a crash left with the key %j',
  async (content) => {
    const pkiDir = await freshPki();
    await writeFile(join(pkiDir, 'client.ci.key'), content, { mode: 0o600 });
    await expect(issueClient({ pkiDir, name: 'ci' })).resolves.toBeDefined();
  },
);

test('of two calls for one name at the same time one succeeds and the pair matches', async () => {
  const pkiDir = await freshPki();
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => issueClient({ pkiDir, name: 'ci' })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(AlreadyExistsError);
  }
});

test.each(['Admin', '..', 'a..b', '../x', 'a/b', '', '.a', 'a'.repeat(64), 'a\n', 'é'])(
  'refuses the name %j and writes nothing',
  async (name) => {
    const pkiDir = await freshPki();
    await expect(issueClient({ pkiDir, name })).rejects.toThrow(InvalidSpecError);
    expect(await readdir(pkiDir)).toHaveLength(6);
  },
);

test.each([0, -1, 1.5, Number.NaN, 3651])('refuses %d days', async (days) => {
  const pkiDir = await freshPki();
  await expect(issueClient({ pkiDir, name: 'ci', days })).rejects.toThrow(InvalidSpecError);
});

test('no certificate outlives its authority', async () => {
  const pkiDir = await freshPki();
  const now = new Date(Date.now() + 1000 * dayMs);
  const { info } = await issueClient({ pkiDir, name: 'ci', days: 3650, now });
  expect(info.notAfter).toEqual(new Date((await readCertificate(pkiPaths(pkiDir).caCertificate)).validTo));
});

test('says what to do where there is no authority, no directory, or an open one', async () => {
  const directory = await temporaryDirectory();
  await expect(issueClient({ pkiDir: directory, name: 'ci' })).rejects.toThrow(
    /no certificate authority .*start auraed/,
  );
  await expect(issueClient({ pkiDir: join(directory, 'none'), name: 'ci' })).rejects.toThrow(FailedPreconditionError);
  await chmod(directory, 0o755);
  await expect(issueClient({ pkiDir: directory, name: 'ci' })).rejects.toThrow(/chmod 700/);
});
