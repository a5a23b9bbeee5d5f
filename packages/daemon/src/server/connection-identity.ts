import type { PeerCertificate, TLSSocket } from 'node:tls';
import { peerIdentity } from '../pki/index.js';

/**
 * Remembers who is at the other end of each connection. grpc-js asks a connection for its certificate at every call,
 * and Node decodes it anew each time, which costs more than the rest of a small call.
 */
export class ConnectionIdentity {
  private readonly identities = new WeakMap<PeerCertificate, string>();

  /** Takes note of a connection. Throws an UnauthenticatedError when its certificate names nobody. */
  admit(socket: TLSSocket): string {
    const certificate = socket.getPeerCertificate();
    const { id } = peerIdentity(certificate);
    this.identities.set(certificate, id);
    socket.getPeerCertificate = () => certificate as never;
    return id;
  }

  /** Empty for a connection that was not admitted here. */
  readonly identityOf = (certificate: PeerCertificate | undefined): string =>
    (certificate && this.identities.get(certificate)) ?? '';
}
