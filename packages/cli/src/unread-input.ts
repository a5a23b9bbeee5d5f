import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** @types/node forgets `onread`: https://nodejs.org/api/net.html#new-netsocketoptions */
type ReaderOptions = SocketConstructorOpts & { readonly onread: OnReadOpts };

/** Whether standard input is a file or a pipe with data that nobody has read. Takes nothing from it, never waits. */
export async function hasUnreadInput(): Promise<boolean> {
  try {
    const stats = fstatSync(0);
    if (stats.isFile()) return stats.size > filePosition();
    return stats.isFIFO() && (await isPipeFilled());
  } catch {
    // Closed, or not to be looked at by this user.
    return false;
  }
}

/** proc_pid_fdinfo(5) */
function filePosition(): number {
  return Number(/^pos:\s*(\d+)/.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))?.[1] ?? 0);
}

/**
 * Asks poll(2), which Node does not offer: a stream whose buffer has no room fails with ENOBUFS once there is something
 * to read, and reads nothing. Both ends are opened anew, so that the caller's own stays a blocking one, and the end of
 * the data, which would count as something to read, is no matter while there is a writer.
 */
async function isPipeFilled(): Promise<boolean> {
  const writer = openSync('/proc/self/fd/0', O_WRONLY | O_NONBLOCK);
  try {
    const fd = openSync('/proc/self/fd/0', O_RDONLY | O_NONBLOCK);
    const options: ReaderOptions = { fd, onread: { buffer: Buffer.alloc(0), callback: () => false } };
    const reader = new Socket(options);
    try {
      return await new Promise((resolve) => {
        reader.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ENOBUFS'));
        // By then the loop has polled once.
        setImmediate(() => setImmediate(resolve, false));
      });
    } finally {
      reader.destroy();
    }
  } finally {
    closeSync(writer);
  }
}
