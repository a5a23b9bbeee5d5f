import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { FailedPreconditionError } from '@aurae/proto';
import { expect, test } from 'vitest';
import { ensurePki, loadServerCredentials, pkiPaths } from '../../src/pki/index.js';
import { daysFrom, makeAuthority, makeCertificate } from './certificates.js';
import { temporaryDirectory } from './temporary-directory.js';

async function freshPaths() {
  const pkiDir = join(await temporaryDirectory(), 'pki');
  return (await ensurePki({ pkiDir })).paths;
}

/** Files as an operator brings them. */
async function ownPaths(files: { ca: string; certificate: string; key: string }) {
  const paths = pkiPaths(await temporaryDirectory());
  await writeFile(paths.caCertificate, files.ca);
  await writeFile(paths.certificate, files.certificate);
  await writeFile(paths.key, files.key, { mode: 0o600 });
  return paths;
}

test('gives what tls takes, and tells about the certificate', async () => {
  const { ca, cert, key, info } = await loadServerCredentials(await freshPaths());
  expect(() => createSecureContext({ ca, cert, key })).not.toThrow();
  expect(info).toMatchObject({ uri: 'spiffe://unsafe.aurae.io/auraed', subject: 'CN=server.unsafe.aurae.io' });
});

test('every error is a failed precondition that names the file and what is wrong with it', async () => {
  const other = await makeCertificate({ usage: 'server' }, await makeAuthority());
  const cases: [keyof Awaited<ReturnType<typeof freshPaths>>, (path: string) => Promise<void>, RegExp][] = [
    ['caCertificate', (path) => rm(path), /no such file/],
    ['certificate', (path) => rm(path), /no such file/],
    ['key', (path) => rm(path), /no such file/],
    ['certificate', (path) => rm(path).then(() => mkdir(path)), /not a regular file/],
    ['caCertificate', (path) => writeFile(path, 'nonsense'), /not a certificate in PEM/],
    ['certificate', (path) => writeFile(path, ''), /not a certificate in PEM/],
    ['certificate', (path) => writeFile(path, other.certificate.raw), /not a certificate in PEM/],
    ['key', (path) => writeFile(path, 'nonsense'), /not a private key in PEM/],
    ['key', (path) => writeFile(path, other.keyPem), /does not match the certificate/],
    ['key', (path) => chmod(path, 0o644), /mode 0644 .*chmod 600/],
  ];
  for (const [file, spoil, message] of cases) {
    const paths = await freshPaths();
    await spoil(paths[file]);
    const error: unknown = await loadServerCredentials(paths).catch((reason: unknown) => reason);
    expect(error, `${file} ${message}`).toBeInstanceOf(FailedPreconditionError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain(JSON.stringify(paths[file]));
  }
});

test('names a file that it may not read', async () => {
  const paths = await freshPaths();
  for (const directory of [dirname(paths.certificate), dirname(dirname(paths.certificate))])
    await chmod(directory, 0o755);
  await chmod(paths.certificate, 0);
  const isRoot = process.geteuid?.() === 0;
  // Root may read everything, so the test steps down for the moment.
  if (isRoot) process.seteuid?.('nobody');
  try {
    await expect(loadServerCredentials(paths)).rejects.toThrow(/_signed\.server\.crt": EACCES/);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('refuses an expired certificate and one that is not yet valid', async () => {
  const paths = await freshPaths();
  await expect(loadServerCredentials(paths, daysFrom(new Date(), 366))).rejects.toThrow(
    /server certificate ".*_signed\.server\.crt": it expired on .*; renew it/,
  );
  await expect(loadServerCredentials(paths, daysFrom(new Date(), -1))).rejects.toThrow(
    /server certificate ".*_signed\.server\.crt": it is not valid before .*; check the clock/,
  );
});

test('refuses an expired authority', async () => {
  const now = new Date();
  const authority = await makeAuthority({ notAfter: now });
  const server = await makeCertificate({ usage: 'server', notAfter: daysFrom(now, 9) }, authority);
  const paths = await ownPaths({ ca: authority.certPem, certificate: server.certPem, key: server.keyPem });
  await expect(loadServerCredentials(paths, daysFrom(now, 1))).rejects.toThrow(/CA certificate .* it expired on/);
});

test('refuses a certificate of another authority, be it of the same name', async () => {
  const paths = await freshPaths();
  const stranger = await makeAuthority();
  await writeFile(paths.caCertificate, stranger.certPem);
  await expect(loadServerCredentials(paths)).rejects.toThrow(/the CA ".*ca\.crt" does not verify it/);
});

test('refuses the certificate of a client', async () => {
  const authority = await makeAuthority();
  const client = await makeCertificate({ usage: 'client' }, authority);
  const paths = await ownPaths({ ca: authority.certPem, certificate: client.certPem, key: client.keyPem });
  await expect(loadServerCredentials(paths)).rejects.toThrow(/not made for a server/);
});

test('takes a chain of intermediates and a bundle of authorities', async () => {
  const [stranger, root] = [await makeAuthority(), await makeAuthority()];
  const intermediate = await makeCertificate({ usage: 'authority', commonName: 'Intermediate' }, root);
  const server = await makeCertificate({ usage: 'server' }, intermediate);
  const files = { ca: stranger.certPem + root.certPem, key: server.keyPem };
  const chained = await ownPaths({ ...files, certificate: server.certPem + intermediate.certPem });
  const { cert, ca } = await loadServerCredentials(chained);
  expect([cert, ca].map((pem) => pem.toString().match(/BEGIN CERTIFICATE/g)?.length)).toEqual([2, 2]);
  const broken = await ownPaths({ ...files, certificate: server.certPem });
  await expect(loadServerCredentials(broken)).rejects.toThrow(/does not verify it/);
});

test('a leaf does not pass for an authority', async () => {
  const root = await makeAuthority();
  const leaf = await makeCertificate({ usage: 'server', commonName: 'Leaf' }, root);
  const forged = await makeCertificate({ usage: 'server' }, leaf);
  const paths = await ownPaths({ ca: root.certPem, certificate: forged.certPem + leaf.certPem, key: forged.keyPem });
  await expect(loadServerCredentials(paths)).rejects.toThrow(/does not verify it/);
});

test('the files of a fresh PKI are what is loaded', async () => {
  const paths = await freshPaths();
  const { cert, key } = await loadServerCredentials(paths);
  expect(cert.toString()).toBe(await readFile(paths.certificate, 'utf8'));
  expect(key.toString()).toBe(await readFile(paths.key, 'utf8'));
});
