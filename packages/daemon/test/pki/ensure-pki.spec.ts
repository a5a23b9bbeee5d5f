import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailedPreconditionError, InvalidSpecError } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { clientPaths, ensurePki, issueClient, loadServerCredentials, pkiPaths } from '../../src/pki/index.js';
import { subjectAlternativeNames } from '../../src/pki/subject-alternative-names.js';
import { daysFrom, dayMs, makeAuthority, makeCertificate, readCertificate } from './certificates.js';
import { temporaryDirectory } from './temporary-directory.js';

async function freshPki(options: Partial<Parameters<typeof ensurePki>[0]> = {}) {
  const pkiDir = join(await temporaryDirectory(), 'pki');
  return { pkiDir, paths: pkiPaths(pkiDir), result: await ensurePki({ pkiDir, ...options }) };
}

describe('the first start', () => {
  test('makes the authority, the server and the admin client with the modes of the layout', async () => {
    const { pkiDir, result } = await freshPki();
    const modes: Record<string, string> = {};
    for (const name of await readdir(pkiDir)) {
      modes[name] = ((await stat(join(pkiDir, name))).mode & 0o7777).toString(8);
    }
    expect(modes).toEqual({
      'ca.crt': '644',
      'ca.key': '600',
      '_signed.server.crt': '644',
      'server.key': '600',
      '_signed.client.admin.crt': '644',
      'client.admin.key': '600',
    });
    expect((await stat(pkiDir)).mode & 0o7777).toBe(0o700);
    expect(result.generated).toHaveLength(3);
    expect(result.warnings).toEqual([]);
  });

  test('gives the modes of the layout under any umask', async () => {
    const before = process.umask(0o277);
    try {
      const { paths } = await freshPki();
      expect((await stat(paths.certificate)).mode & 0o777).toBe(0o644);
      expect((await stat(paths.key)).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test('does not close the parents that it makes to other users', async () => {
    const before = process.umask(0o022);
    try {
      const root = await temporaryDirectory();
      await ensurePki({ pkiDir: join(root, 'etc', 'pki') });
      expect((await stat(join(root, 'etc'))).mode & 0o777).toBe(0o755);
    } finally {
      process.umask(before);
    }
  });

  test('makes an authority that signs leaves only and lasts ten years', async () => {
    const { paths } = await freshPki();
    const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags, SubjectKeyIdentifierExtension, ...x509 } =
      await import('@peculiar/x509');
    const authority = new x509.X509Certificate(await readFile(paths.caCertificate, 'utf8'));
    expect(authority.getExtension(BasicConstraintsExtension)).toMatchObject({
      ca: true,
      pathLength: 0,
      critical: true,
    });
    expect(authority.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign);
    const keyId = authority.getExtension(SubjectKeyIdentifierExtension)?.keyId;
    expect(keyId).toMatch(/^[0-9a-f]{40}$/);
    expect(await authority.isSelfSigned()).toBe(true);
    expect(Math.round((authority.notAfter.getTime() - Date.now()) / dayMs)).toBe(3650);
    const server = new x509.X509Certificate(await readFile(paths.certificate, 'utf8'));
    expect(server.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(keyId);
    expect(server.getExtension(BasicConstraintsExtension)?.ca).toBe(false);
    expect(server.getExtension(KeyUsagesExtension)?.usages).toBe(KeyUsageFlags.digitalSignature);
  });

  test('makes a server certificate that carries every name of the server', async () => {
    const { paths } = await freshPki({ serverNames: ['node-1.example.org', '10.0.0.7', 'fd00::7'] });
    const server = await readCertificate(paths.certificate);
    expect(subjectAlternativeNames(server.raw)).toEqual({
      dns: ['server.unsafe.aurae.io', 'localhost', 'node-1.example.org'],
      uris: ['spiffe://unsafe.aurae.io/auraed'],
    });
    for (const address of ['127.0.0.1', '::1', '10.0.0.7', 'fd00::7']) expect(server.checkIP(address)).toBe(address);
    expect(server.checkIP('10.0.0.8')).toBeUndefined();
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });

  test('dates certificates back by five minutes, for clients whose clock is behind', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const { paths } = await freshPki({ now });
    for (const path of [paths.caCertificate, paths.certificate]) {
      expect(new Date((await readCertificate(path)).validFrom)).toEqual(new Date('2029-12-31T23:55:00Z'));
    }
  });

  test('gives every certificate a positive serial number of its own', async () => {
    const { pkiDir, paths } = await freshPki();
    const all = [paths.caCertificate, paths.certificate, clientPaths(pkiDir, 'admin').certificate];
    const serials = await Promise.all(all.map(async (path) => (await readCertificate(path)).serialNumber));
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^[0-9A-F]{24,32}$/);
  });

  test('uses the trust domain that it is given', async () => {
    const { pkiDir, paths } = await freshPki({ trustDomain: 'example.org' });
    const uris = async (path: string) => subjectAlternativeNames((await readCertificate(path)).raw).uris;
    expect(await uris(paths.certificate)).toEqual(['spiffe://example.org/auraed']);
    expect(await uris(clientPaths(pkiDir, 'admin').certificate)).toEqual(['spiffe://example.org/client/admin']);
  });

  test.each(['Example.org', 'a/b', '', 'a:1'])('refuses the trust domain %j and makes nothing', async (trustDomain) => {
    const pkiDir = join(await temporaryDirectory(), 'pki');
    await expect(ensurePki({ pkiDir, trustDomain })).rejects.toThrow(InvalidSpecError);
    await expect(stat(pkiDir)).rejects.toThrow('ENOENT');
  });

  test.each(['UPPER.example', 'fe80::1%eth0', 'a..b', '-a', '', 'a b'])('refuses the server name %j', async (name) => {
    const pkiDir = join(await temporaryDirectory(), 'pki');
    await expect(ensurePki({ pkiDir, serverNames: [name] })).rejects.toThrow(InvalidSpecError);
  });
});

describe('a later start', () => {
  test('changes nothing', async () => {
    const { pkiDir } = await freshPki();
    const before = await snapshot(pkiDir);
    expect(await ensurePki({ pkiDir })).toMatchObject({ generated: [], warnings: [] });
    expect(await snapshot(pkiDir)).toEqual(before);
  });

  test('renews a server certificate with less than 30 days left, and keeps its key', async () => {
    const { pkiDir, paths } = await freshPki();
    const before = await snapshot(pkiDir);
    const { generated } = await ensurePki({ pkiDir, now: daysFrom(new Date(), 334) });
    expect(generated).toEqual([]);
    const later = daysFrom(new Date(), 336);
    const renewed = await ensurePki({ pkiDir, now: later });
    expect(renewed.generated).toEqual([paths.certificate, clientPaths(pkiDir, 'admin').certificate]);
    expect(renewed.warnings).toEqual([]);
    const after = await snapshot(pkiDir);
    expect(after['server.key']).toBe(before['server.key']);
    expect(after['ca.crt']).toBe(before['ca.crt']);
    expect(
      (await loadServerCredentials(renewed.paths, daysFrom(later, 360))).info.notAfter > daysFrom(later, 364),
    ).toBe(true);
  });

  test('renews an expired server certificate', async () => {
    const { pkiDir } = await freshPki();
    const later = daysFrom(new Date(), 400);
    const { paths } = await ensurePki({ pkiDir, now: later });
    await expect(loadServerCredentials(paths, later)).resolves.toBeDefined();
  });

  test('warns when a renewal is due and the key of the authority is away', async () => {
    const { pkiDir, paths } = await freshPki();
    await rm(paths.caKey);
    const before = await snapshot(pkiDir);
    const { generated, warnings } = await ensurePki({ pkiDir, now: daysFrom(new Date(), 340) });
    expect(generated).toEqual([]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(paths.certificate);
    expect(warnings[0]).toMatch(/expires on \d{4}-\d\d-\d\d.*put "ca.key" back/);
    expect(await snapshot(pkiDir)).toEqual(before);
  });

  test('does not renew again and again at the end of the life of the authority', async () => {
    const { pkiDir, paths } = await freshPki();
    const later = daysFrom(new Date(), 3640);
    expect((await ensurePki({ pkiDir, now: later })).generated).toContain(paths.certificate);
    const { generated, warnings } = await ensurePki({ pkiDir, now: later });
    expect(generated).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/Replace the certificate ".*ca\.crt": it expires on/)]);
  });

  test('refuses to issue from an authority that expired', async () => {
    const { pkiDir, paths } = await freshPki();
    await rm(paths.certificate);
    await expect(ensurePki({ pkiDir, now: daysFrom(new Date(), 3651) })).rejects.toThrow(/ca\.crt" expired on/);
  });

  test('adds a server name that was asked for since', async () => {
    const { pkiDir, paths } = await freshPki();
    const options = { pkiDir, serverNames: ['node-1.example.org', '10.0.0.7'] };
    expect((await ensurePki(options)).generated).toEqual([paths.certificate]);
    expect((await readCertificate(paths.certificate)).checkHost('node-1.example.org')).toBe('node-1.example.org');
    expect((await ensurePki(options)).generated).toEqual([]);
  });

  test('leaves a client certificate alone whose key was carried away, and says so', async () => {
    const { pkiDir } = await freshPki();
    await rm(clientPaths(pkiDir, 'admin').key);
    const { generated, warnings } = await ensurePki({ pkiDir });
    expect(generated).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('client.admin.key" is missing')]);
  });

  test('does not replace a server certificate of another authority', async () => {
    const { pkiDir, paths } = await freshPki();
    const other = await makeCertificate({ usage: 'server' }, await makeAuthority());
    await writeFile(paths.certificate, other.certPem);
    await writeFile(paths.key, other.keyPem);
    const before = await snapshot(pkiDir);
    await expect(ensurePki({ pkiDir })).rejects.toThrow(/"ca.crt" did not sign it/);
    expect(await snapshot(pkiDir)).toEqual(before);
  });

  test('issues from an authority that the operator put there, RSA included', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const pkiDir = join(await temporaryDirectory(), 'pki');
    await mkdir(pkiDir, { mode: 0o700 });
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const notAfter = daysFrom(new Date(), 1000);
    const authority = await makeAuthority({ commonName: 'Sträng, "CA"', key: privateKey, notAfter });
    await writeFile(pkiPaths(pkiDir).caCertificate, authority.certPem);
    await writeFile(pkiPaths(pkiDir).caKey, authority.keyPem, { mode: 0o600 });
    const { paths } = await ensurePki({ pkiDir });
    await expect(loadServerCredentials(paths)).resolves.toBeDefined();
    expect(await readFile(paths.caCertificate, 'utf8')).toBe(authority.certPem);
  });

  test('removes what a crash left behind, but not what another process is writing', async () => {
    const { pkiDir } = await freshPki();
    const [old, young] = ['.ca.key.0123456789abcdef.tmp', '.ca.key.fedcba9876543210.tmp'];
    for (const name of [old, young]) await writeFile(join(pkiDir, name), 'x', { mode: 0o600 });
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(pkiDir, old), hourAgo, hourAgo);
    await ensurePki({ pkiDir });
    expect(await readdir(pkiDir)).not.toContain(old);
    expect(await readdir(pkiDir)).toContain(young);
  });
});

describe("the operator's own certificates", () => {
  test('are used and nothing is generated', async () => {
    const directory = await temporaryDirectory();
    const pkiDir = join(directory, 'pki');
    const own = { certificate: join(directory, 'own.crt'), key: join(directory, 'own.key') };
    const { paths, generated } = await ensurePki({ pkiDir, own });
    expect(paths).toEqual({ ...own, caCertificate: pkiPaths(pkiDir).caCertificate });
    expect(generated).toEqual([]);
    await expect(stat(pkiDir)).rejects.toThrow('ENOENT');
  });

  test('are warned about before they expire', async () => {
    const directory = await temporaryDirectory();
    const own = { certificate: join(directory, 'own.crt') };
    const now = new Date();
    const server = await makeCertificate({ notBefore: daysFrom(now, -300), notAfter: daysFrom(now, 29) });
    await writeFile(own.certificate, server.certPem);
    const { warnings } = await ensurePki({ pkiDir: join(directory, 'pki'), own, now });
    expect(warnings).toEqual([expect.stringContaining(own.certificate)]);
  });

  test('are not meant by flags that spell out the default paths', async () => {
    const pkiDir = join(await temporaryDirectory(), 'pki');
    const { generated } = await ensurePki({ pkiDir, own: { ...pkiPaths(`${pkiDir}/../pki`) } });
    expect(generated).toHaveLength(3);
  });
});

describe('files that other users may read', () => {
  test.each([
    ['.', 0o750, /PKI|directory.*mode 0750.*run: chmod 700 /],
    ['ca.key', 0o640, /private key.*ca\.key.*mode 0640.*run: chmod 600 .*ca\.key/],
    ['server.key', 0o604, /private key.*server\.key.*mode 0604.*run: chmod 600 .*server\.key/],
    ['client.admin.key', 0o620, /private key.*client\.admin\.key.*mode 0620.*run: chmod 600 .*client\.admin\.key/],
  ])('are refused: %s', async (name, mode, message) => {
    const { pkiDir } = await freshPki();
    await chmod(join(pkiDir, name), mode);
    await expect(ensurePki({ pkiDir })).rejects.toThrow(message);
    await expect(ensurePki({ pkiDir })).rejects.toThrow(FailedPreconditionError);
  });
});

test('starts at the same time agree on one authority, and every pair matches', async () => {
  for (let round = 0; round < 5; round += 1) {
    const pkiDir = join(await temporaryDirectory(), 'pki');
    const results = await Promise.all(Array.from({ length: 8 }, () => ensurePki({ pkiDir })));
    const { caCertificate } = pkiPaths(pkiDir);
    expect(results.filter(({ generated }) => generated.includes(caCertificate))).toHaveLength(1);
    await expect(loadServerCredentials(pkiPaths(pkiDir))).resolves.toBeDefined();
    expect(await ensurePki({ pkiDir })).toMatchObject({ generated: [], warnings: [] });
    expect(await readdir(pkiDir)).toHaveLength(6);
    await expect(issueClient({ pkiDir, name: 'other' })).resolves.toBeDefined();
  }
});

async function snapshot(directory: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const name of await readdir(directory)) content[name] = await readFile(join(directory, name), 'utf8');
  return content;
}
