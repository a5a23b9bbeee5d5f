import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { UnavailableError } from '@aurae/proto';
import { messageOf } from '../sink-report.js';
import { longestSocketPathBytes } from './socket-path.js';

/** Unix datagram sockets, which Node does not have. Descriptors do not block and are not inherited. */
export interface DatagramLibrary {
  /** A socket connected to this path. Throws an error with the `code` of socket(2) or connect(2). */
  connect(path: string): number;
  /** Sends one datagram. Returns 0, or the errno of send(2). */
  send(descriptor: number, datagram: Buffer): number;
  /** Whether the socket can be written to, within this time. */
  waitForRoom(descriptor: number, timeoutMs: number): Promise<boolean>;
  close(descriptor: number): void;
}

// Of Linux, on every processor that Node runs on there.
const addressFamilyUnix = 1;
const datagramSocket = 2 | 0o2000000 | 0o4000; // SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK
const noSignal = 0x4000;
const pollOut = 4;
const addressBytes = 110;

let loaded: Promise<DatagramLibrary> | undefined;

/**
 * Calls the C library through koffi, which is loaded with the first use.
 *
 * @throws UnavailableError when koffi is not installed, or not for this kind of machine
 */
export async function datagramLibrary(): Promise<DatagramLibrary> {
  loaded ??= load();
  try {
    return await loaded;
  } catch (cause) {
    loaded = undefined;
    throw new UnavailableError(
      `Cannot use Unix datagram sockets: koffi cannot be loaded (${messageOf(cause)}); get it with \`npm i koffi\``,
      { cause },
    );
  }
}

async function load(): Promise<DatagramLibrary> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const connect = libc.func('int connect(int fd, const uint8_t *address, uint32_t length)');
  const send = libc.func('intptr_t send(int fd, const uint8_t *data, size_t length, int flags)');
  const poll = libc.func('int poll(uint8_t *descriptors, unsigned long count, int timeout)');
  const close = libc.func('int close(int fd)');
  return {
    connect(path) {
      const descriptor: number = socket(addressFamilyUnix, datagramSocket, 0);
      if (descriptor === -1) throw systemError(koffi.errno());
      if (connect(descriptor, socketAddress(path), addressBytes) === 0) return descriptor;
      const error = systemError(koffi.errno());
      close(descriptor);
      throw error;
    },
    send: (descriptor, datagram) => (send(descriptor, datagram, datagram.length, noSignal) === -1 ? koffi.errno() : 0),
    waitForRoom(descriptor, timeoutMs) {
      const entry = pollEntry(descriptor);
      return new Promise((resolve) => {
        poll.async(entry, 1, timeoutMs, (_error: unknown, ready: number) => {
          // The entry is named here so that its memory lives as long as the call.
          resolve(ready === 1 && entry.length > 0);
        });
      });
    },
    close: (descriptor) => void close(descriptor),
  };
}

/** struct sockaddr_un; typed arrays have the byte order of the machine. */
function socketAddress(path: string): Uint8Array {
  const address = Buffer.alloc(addressBytes);
  address.set(new Uint8Array(Uint16Array.of(addressFamilyUnix).buffer));
  address.write(path, 2, longestSocketPathBytes);
  return address;
}

/** struct pollfd */
function pollEntry(descriptor: number): Uint8Array {
  const entry = new ArrayBuffer(8);
  new Int32Array(entry, 0, 1)[0] = descriptor;
  new Int16Array(entry, 4, 1)[0] = pollOut;
  return new Uint8Array(entry);
}

/** The error of a system call, as Node makes them. */
export function systemError(errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${code}: ${getSystemErrorMap().get(-errno)?.[1] ?? 'unknown error'}`), { code });
}
