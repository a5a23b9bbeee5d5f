import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { StartupError } from '../lifecycle/startup-error.js';

/** `sun_path` of unix(7), less its closing NUL. */
const maximumPathBytes = 107;

/**
 * Makes room for a listener on a path: takes away the socket that a dead daemon left, and refuses to take one that
 * answers. The caller holds the lock of the path, so nobody else does the same meanwhile.
 *
 * @throws StartupError when a live process listens there, or something that is no socket is in the way
 */
export async function claimSocketPath(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > maximumPathBytes) {
    throw new StartupError(
      `The socket path "${path}" has ${length} bytes, and Unix sockets allow ${maximumPathBytes}: choose a shorter one with --socket`,
    );
  }
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) {
    throw new StartupError(
      `"${path}" is in the way and is not a socket: remove it, or choose another path with --socket`,
    );
  }
  if (await isAnswered(path)) {
    throw new StartupError(
      `Another process listens on the socket "${path}": stop it, or choose another path with --socket`,
    );
  }
  unlinkSync(path);
}

/** Whether somebody listens there. What cannot be told counts as yes: a live socket is never stolen. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}
