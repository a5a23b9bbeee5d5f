import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientPaths, ensurePki, loadServerCredentials } from '../../src/pki/index.js';
import { type ListenerEvents, SecureListener } from '../../src/server/secure-listener.js';
import { temporaryDirectory } from '../pki/temporary-directory.js';

let pkiDir: string;
let listener: SecureListener;
let port: number;
let refused: string[];
let onRefused: () => void;
let admitted: number;
const clients: Socket[] = [];

beforeEach(async () => {
  pkiDir = join(await temporaryDirectory(), 'pki');
  const { paths } = await ensurePki({ pkiDir });
  refused = [];
  admitted = 0;
  onRefused = () => {};
  const events: ListenerEvents = {
    onConnection: () => void admitted++,
    onRefused: (reason) => {
      refused.push(reason);
      onRefused();
    },
  };
  const limits = { connections: 5000, handshakeTimeoutMs: 300 };
  listener = new SecureListener(await loadServerCredentials(paths), limits, events);
  port = Number((await listener.listenTcp('127.0.0.1', 0)).split(':')[1]);
});
afterEach(async () => {
  listener.stopAccepting();
  await listener.closeConnections(0);
  for (const client of clients.splice(0)) client.destroy();
});

async function silent(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

async function shakeHands(): Promise<void> {
  const { caCertificate, certificate, key } = clientPaths(pkiDir, 'admin');
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: readFileSync(caCertificate),
    cert: readFileSync(certificate),
    key: readFileSync(key),
  });
  clients.push(socket);
  await once(socket, 'secureConnect');
  // From here on the listener may end it at any time.
  socket.on('error', () => {});
}

describe('a connection that says nothing', () => {
  it('is closed when its time for the handshake is over', async () => {
    const socket = await silent();
    await once(socket, 'close');
    expect(refused).toEqual(['ERR_TLS_HANDSHAKE_TIMEOUT']);
  });

  it('gives way when there are too many, and a client still gets in', async () => {
    const first = await silent();
    const closed = once(first, 'close');
    await Promise.all(Array.from({ length: 600 }, silent));
    await closed;
    await shakeHands();
  });

  it('does not outlive the listener', async () => {
    const socket = await silent();
    const closed = once(socket, 'close');
    listener.stopAccepting();
    await listener.closeConnections(10);
    await closed;
  });
});

it('a handshake that ends after the listener was told to stop is refused', async () => {
  const raw = await silent();
  listener.stopAccepting();
  const { caCertificate, certificate, key } = clientPaths(pkiDir, 'admin');
  const late = connectTls({
    socket: raw,
    servername: 'localhost',
    ca: readFileSync(caCertificate),
    cert: readFileSync(certificate),
    key: readFileSync(key),
  });
  late.on('error', () => {});
  late.resume();
  await once(raw, 'close');
  expect(admitted).toBe(0);
});

it('a connection that has ended is forgotten', async () => {
  await shakeHands();
  const [client] = clients;
  client?.destroy();
  // It would wait an hour for a connection that it still believes to be open.
  await listener.closeConnections(3_600_000);
});
