import { chmodSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { StartupError } from '../lifecycle/startup-error.js';
import type { ServerCredentials } from '../pki/index.js';
import { PendingHandshakes } from './pending-handshakes.js';
import { claimSocketPath } from './unix-socket.js';

export interface ListenerEvents {
  /** A client has shown a certificate of the CA. */
  onConnection(socket: TLSSocket): void;
  /** A handshake failed; the connection is gone. */
  onRefused(reason: string, socket: TLSSocket): void;
}

export interface ListenerLimits {
  readonly connections: number;
  readonly handshakeTimeoutMs: number;
}

/**
 * Accepts connections that are mutually authenticated by TLS 1.2 or later, on one Unix socket or TCP address, and hands
 * on those whose client certificate is good. It stands in front of grpc-js, which drops failed handshakes silently.
 */
export class SecureListener {
  private readonly server: Server;
  /** Every connection that is open, whatever became of it. */
  private readonly open = new Set<Socket>();
  private readonly handshakes = new PendingHandshakes();
  private closing = false;

  constructor(
    credentials: ServerCredentials,
    limits: ListenerLimits,
    private readonly events: ListenerEvents,
  ) {
    this.server = createServer(tlsOptions(credentials, limits));
    this.server.maxConnections = limits.connections;
    this.server.on('connection', (socket: Socket) => this.accept(socket));
    this.server.on('secureConnection', (socket) => this.admit(socket));
    this.server.on('tlsClientError', (error, socket) => this.refuse(error, socket));
  }

  /** Listens on a Unix socket that only the daemon's own user may connect to. */
  async listenUnix(path: string): Promise<void> {
    await claimSocketPath(path);
    await this.listen(() => this.server.listen(path), `the socket "${path}"`);
    chmodSync(path, 0o600);
  }

  /** @returns `host:port`, with the port in use where the given one was 0 */
  async listenTcp(host: string, port: number): Promise<string> {
    await this.listen(() => this.server.listen(port, host), `"${host}:${port}"`);
    const bound = this.server.address() as AddressInfo;
    return `${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
  }

  /** Accepts no more. Connections that are there go on; one whose handshake is still under way is refused. */
  stopAccepting(): void {
    this.closing = true;
    this.server.close(() => undefined);
  }

  /**
   * Ends every connection, those that never said anything included. Whoever serves them has said goodbye: an answer
   * that is on its way gets `graceMs` to leave, since what is destroyed sends nothing any more.
   */
  async closeConnections(graceMs: number): Promise<void> {
    const open = [...this.open];
    const closed = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    const timer = setTimeout(() => {
      for (const socket of open) socket.destroy();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  private accept(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    this.handshakes.add(socket);
  }

  private admit(socket: TLSSocket): void {
    this.handshakes.delete(socket);
    socket.on('error', () => socket.destroy());
    if (this.closing) socket.destroy();
    else this.events.onConnection(socket);
  }

  private refuse(error: Error, socket: TLSSocket): void {
    this.handshakes.delete(socket);
    // A handshake that takes too long is only told; the connection would stay.
    socket.destroy();
    this.events.onRefused(refusalReason(error, socket), socket);
  }

  private listen(start: () => void, where: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => reject(new StartupError(`Cannot listen on ${where}: ${error.message}`)));
      this.server.once('listening', () => {
        this.server.removeAllListeners('error');
        resolve();
      });
      start();
    });
  }
}

function tlsOptions({ ca, cert, key }: ServerCredentials, limits: ListenerLimits): TlsOptions {
  return {
    ca,
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2'],
    handshakeTimeout: limits.handshakeTimeoutMs,
  };
}

function refusalReason(error: Error & { code?: string; reason?: string }, socket: TLSSocket): string {
  // Set when the client did show a certificate, and it was not good: CERT_HAS_EXPIRED and the like.
  const { authorizationError } = socket;
  if (authorizationError) return `client certificate refused: ${String(authorizationError)}`;
  return error.reason ?? error.code ?? error.message;
}
