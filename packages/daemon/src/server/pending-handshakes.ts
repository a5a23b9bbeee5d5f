import type { Socket } from 'node:net';

const defaultMaximum = 512;

/**
 * TCP connections that have not shown a certificate yet. Anybody can open these, so there may be only so many: a new
 * one takes the place of the oldest, which is the one that is least likely to finish.
 *
 * A connection is known by its remote address, because Node does not tell which raw socket a TLS socket wraps. Unix
 * sockets have none, and need no such limit: only the daemon's own user reaches them.
 */
export class PendingHandshakes {
  private readonly sockets = new Map<string, Socket>();

  constructor(private readonly maximum = defaultMaximum) {}

  add(socket: Socket): void {
    const key = keyOf(socket);
    if (key === undefined) return;
    this.sockets.set(key, socket);
    socket.once('close', () => {
      if (this.sockets.get(key) === socket) this.sockets.delete(key);
    });
    const [oldest] = this.sockets;
    if (this.sockets.size > this.maximum && oldest) {
      this.sockets.delete(oldest[0]);
      oldest[1].destroy();
    }
  }

  /** The handshake of this connection is over. */
  delete(socket: Socket): void {
    const key = keyOf(socket);
    if (key !== undefined) this.sockets.delete(key);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
