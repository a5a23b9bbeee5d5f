import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@aurae/proto';
import { messageOf } from '../sink-report.js';
import { type DatagramLibrary, datagramLibrary, systemError } from './libc-sockets.js';

const { EAGAIN, EMSGSIZE, ENOBUFS, ECONNREFUSED, EINTR } = constants.errno;

/** How long a thread of the pool waits for a receiver that is busy, and how long one that is stuck is left alone. */
const patienceMs = 50;
const pauseMs = 100;
const smallestLimitBytes = 2048;
/** So that thousands of datagrams do not keep the event loop to themselves. */
const datagramsInOneTurn = 256;

/** Encodes a message into at most so many bytes. */
export type EncodeDatagram<Message> = (message: Message, limitBytes: number) => Buffer;

/** Sends datagrams to the socket at a path, which it connects to when there is something to send. */
export class DatagramSender<Message> implements AsyncDisposable {
  private readonly ending = new AbortController();
  private sending: Promise<void> = Promise.resolve();
  private descriptor: number | undefined;

  /** @param limitBytes of one datagram; made smaller when the kernel takes less */
  constructor(
    private readonly path: string,
    private readonly encode: EncodeDatagram<Message>,
    private limitBytes: number,
  ) {}

  /**
   * Resolves when the kernel has all of them; a receiver that is busy is waited for. One call at a time.
   *
   * @throws UnavailableError when there is no socket or nobody at it, or the sender is disposed
   */
  async send(messages: readonly Message[]): Promise<void> {
    const library = await datagramLibrary();
    this.sending = this.sendAll(library, messages).catch((cause: unknown) => {
      this.disconnect(library);
      throw new UnavailableError(`Cannot send to the socket "${this.path}": ${messageOf(cause)}`, { cause });
    });
    await this.sending;
  }

  /** Gives up what is under way, and closes the socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort();
    await this.sending.catch(() => {});
    if (this.descriptor !== undefined) this.disconnect(await datagramLibrary());
  }

  private async sendAll(library: DatagramLibrary, messages: readonly Message[]): Promise<void> {
    for (const [index, message] of messages.entries()) {
      if (this.ending.signal.aborted) throw new Error('the log sink is closed');
      await this.sendOne(library, message);
      if (index % datagramsInOneTurn === datagramsInOneTurn - 1) await new Promise(setImmediate);
    }
  }

  private async sendOne(library: DatagramLibrary, message: Message): Promise<void> {
    let isNewSocket = false;
    for (;;) {
      if (this.descriptor === undefined) {
        this.descriptor = library.connect(this.path);
        isNewSocket = true;
      }
      const errno = library.send(this.descriptor, this.encode(message, this.limitBytes));
      if (errno === 0) return;
      // Whoever listened may have begun anew, with another socket at the same path.
      if (errno === ECONNREFUSED && !isNewSocket) this.disconnect(library);
      else await this.mend(library, this.descriptor, errno);
    }
  }

  /** Resolves when it is worth a further attempt; throws when it is not. */
  private async mend(library: DatagramLibrary, descriptor: number, errno: number): Promise<void> {
    if (errno === EMSGSIZE && this.limitBytes > smallestLimitBytes) {
      this.limitBytes = Math.max(smallestLimitBytes, this.limitBytes >> 1);
    } else if (errno === EAGAIN || errno === ENOBUFS) {
      const hasRoom = errno === EAGAIN && (await library.waitForRoom(descriptor, patienceMs));
      if (!hasRoom) await sleep(pauseMs, undefined, { signal: this.ending.signal });
      if (this.ending.signal.aborted) throw new Error('the log sink is closed');
    } else if (errno !== EINTR) {
      throw systemError(errno);
    }
  }

  private disconnect(library: DatagramLibrary): void {
    if (this.descriptor !== undefined) library.close(this.descriptor);
    this.descriptor = undefined;
  }
}
