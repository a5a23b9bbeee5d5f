import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { connect, type ConnectionOptions, createServer, type SecureVersion, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  clientPaths,
  ensurePki,
  issueClient,
  loadServerCredentials,
  type PeerIdentity,
  peerIdentity,
  pkiPaths,
} from '../../src/pki/index.js';
import { daysFrom, makeAuthority, makeCertificate, readCertificate } from './certificates.js';
import { temporaryDirectory } from './temporary-directory.js';

type Outcome = { accepted: PeerIdentity; protocol: string | null } | { refused: string };
type ClientCredentials = Pick<ConnectionOptions, 'cert' | 'key'>;

/** A server with a fresh PKI on a Unix socket, and a way to shake hands with it. */
async function serve(maxVersion: SecureVersion = 'TLSv1.3') {
  const directory = await temporaryDirectory();
  const pkiDir = join(directory, 'pki');
  const { paths } = await ensurePki({ pkiDir });
  const { ca, cert, key } = await loadServerCredentials(paths);
  const server = createServer({
    ca,
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    maxVersion,
  });
  const socketPath = join(directory, 'aurae.sock');
  server.listen(socketPath);
  await once(server, 'listening');
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));

  async function shakeHands(credentials: ClientCredentials, options: ConnectionOptions = {}): Promise<Outcome> {
    // In TLS 1.3 the client is done before the server has judged its certificate, so the server is asked.
    const judged = new Promise<Outcome>((resolve) => {
      const accept = (socket: TLSSocket): void => {
        server.off('tlsClientError', refuse);
        socket.on('error', () => {});
        resolve({ accepted: peerIdentity(socket.getPeerCertificate()), protocol: socket.getProtocol() });
        socket.end();
      };
      const refuse = (error: Error & { code?: string }): void => {
        server.off('secureConnection', accept);
        resolve({ refused: error.code ?? error.message });
      };
      server.once('secureConnection', accept);
      server.once('tlsClientError', refuse);
    });
    const client = connect({ path: socketPath, ca, servername: 'server.unsafe.aurae.io', ...credentials, ...options });
    client.on('error', () => {});
    client.resume();
    const outcome = await judged;
    client.destroy();
    return outcome;
  }
  return { pkiDir, shakeHands, socketPath, ca };
}

async function filesOf(pkiDir: string, name: string): Promise<ClientCredentials> {
  const { certificate, key } = clientPaths(pkiDir, name);
  return { cert: await readFile(certificate), key: await readFile(key) };
}

async function authorityOf(pkiDir: string) {
  const paths = pkiPaths(pkiDir);
  return {
    certificate: await readCertificate(paths.caCertificate),
    key: createPrivateKey(await readFile(paths.caKey)),
  };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s', (version) => {
  test('the admin is let in, under its SPIFFE id', async () => {
    const { pkiDir, shakeHands } = await serve(version);
    expect(await shakeHands(await filesOf(pkiDir, 'admin'))).toMatchObject({
      accepted: {
        id: 'spiffe://unsafe.aurae.io/client/admin',
        kind: 'spiffe',
        commonName: 'admin',
        fingerprint256: (await readCertificate(clientPaths(pkiDir, 'admin').certificate)).fingerprint256,
      },
      protocol: version,
    });
  });

  test('a further client is let in, under a SPIFFE id of its own', async () => {
    const { pkiDir, shakeHands } = await serve(version);
    await issueClient({ pkiDir, name: 'ci' });
    const outcome = await shakeHands(await filesOf(pkiDir, 'ci'));
    expect(outcome).toMatchObject({ accepted: { id: 'spiffe://unsafe.aurae.io/client/ci' } });
  });

  test('a certificate of our authority without a SPIFFE id is let in under its common name', async () => {
    const { pkiDir, shakeHands } = await serve(version);
    const { certPem, keyPem } = await makeCertificate({ commonName: 'early' }, await authorityOf(pkiDir));
    expect(await shakeHands({ cert: certPem, key: keyPem })).toMatchObject({
      accepted: { id: 'early', kind: 'common-name' },
    });
  });

  test('a client without a certificate is refused', async () => {
    const { shakeHands } = await serve(version);
    expect(await shakeHands({})).toEqual({ refused: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' });
  });

  test('a client of another authority of the same name is refused', async () => {
    const { shakeHands } = await serve(version);
    const { certPem, keyPem } = await makeCertificate({ commonName: 'admin' }, await makeAuthority());
    expect(await shakeHands({ cert: certPem, key: keyPem })).toHaveProperty('refused');
  });

  test.each([
    ['expired', -2, -1],
    ['not yet valid', 1, 2],
  ])('a client whose certificate is %s is refused', async (_, from, to) => {
    const { pkiDir, shakeHands } = await serve(version);
    const now = new Date();
    const validity = { notBefore: daysFrom(now, from), notAfter: daysFrom(now, to) };
    const { certPem, keyPem } = await makeCertificate(validity, await authorityOf(pkiDir));
    expect(await shakeHands({ cert: certPem, key: keyPem })).toHaveProperty('refused');
  });

  test('the certificate of a server does not serve as that of a client', async () => {
    const { pkiDir, shakeHands } = await serve(version);
    const { certificate, key } = pkiPaths(pkiDir);
    expect(await shakeHands({ cert: await readFile(certificate), key: await readFile(key) })).toHaveProperty('refused');
  });

  test('a client that sees a certificate from a client of ours does not take it for an authority', async () => {
    const { pkiDir, shakeHands } = await serve(version);
    const admin = clientPaths(pkiDir, 'admin');
    const issuer = {
      certificate: await readCertificate(admin.certificate),
      key: createPrivateKey(await readFile(admin.key)),
    };
    const forged = await makeCertificate({ commonName: 'forged' }, issuer);
    const cert = forged.certPem + (await readFile(admin.certificate, 'utf8'));
    expect(await shakeHands({ cert, key: forged.keyPem })).toHaveProperty('refused');
  });
});

test('TLS 1.3 is what is spoken by default', async () => {
  const { pkiDir, shakeHands } = await serve();
  expect(await shakeHands(await filesOf(pkiDir, 'admin'))).toMatchObject({ protocol: 'TLSv1.3' });
});

test.each(['server.unsafe.aurae.io', 'localhost', '127.0.0.1', '::1'])('a client finds the name %s', async (name) => {
  const { pkiDir, socketPath, ca } = await serve();
  const options = { path: socketPath, ca, ...(await filesOf(pkiDir, 'admin')) };
  // OpenSSL is asked: tls.checkServerIdentity finds no IPv6 address in Node 22.23, https://github.com/nodejs/node/issues/64144
  const client = connect({ ...options, checkServerIdentity: () => undefined });
  await once(client, 'secureConnect');
  const certificate = client.getPeerX509Certificate();
  expect(isIP(name) === 0 ? certificate?.checkHost(name) : certificate?.checkIP(name)).toBe(name);
  client.destroy();
});

test('a client refuses the server under another name, and one of another authority', async () => {
  const { pkiDir, socketPath, ca } = await serve();
  const options = { path: socketPath, ...(await filesOf(pkiDir, 'admin')) };
  const failure = async (more: ConnectionOptions): Promise<string> => {
    const client = connect({ ...options, ...more });
    const [error] = (await once(client, 'error')) as [Error & { code: string }];
    return error.code;
  };
  expect(await failure({ ca, servername: 'example.org' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  const stranger = (await makeAuthority()).certPem;
  expect(await failure({ ca: stranger, servername: 'localhost' })).toMatch(/UNABLE_TO|CERT|SIGNATURE/);
});
