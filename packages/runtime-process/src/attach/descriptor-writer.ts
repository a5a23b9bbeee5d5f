import { closeSync, writeSync } from 'node:fs';
import { nativeBinding } from '../native-binding.js';
import { Notice } from '../notice.js';
import { pollEvents } from './poll-events.js';

/** Writes into a pipe or the master of a terminal, in order, as fast as it is read. */
export class DescriptorWriter {
  private descriptor: number;
  private readonly queue: Buffer[] = [];
  private queuedBytes = 0;
  private wait: number | undefined;
  private ending = false;
  private readonly room = new Notice();

  /** Takes over the descriptor, which has to be non-blocking. */
  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Bytes that nobody reads any more are dropped, as they are in a pipe. */
  write(bytes: Buffer): void {
    if (this.descriptor < 0 || bytes.length === 0) return;
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    if (this.wait === undefined) this.flush();
  }

  /** Once all is written, the reader finds the end. */
  end(): void {
    this.ending = true;
    if (this.wait === undefined) this.flush();
  }

  /** Waits until at most so much is queued, or nothing can be written any more. For one waiter at a time. */
  async atMost(bytes: number): Promise<void> {
    while (this.queuedBytes > bytes) await this.room.wait();
  }

  /** For as long as it is open: later its number may be that of another. */
  whileOpen<Result>(action: (descriptor: number) => Result): Result | undefined {
    return this.descriptor < 0 ? undefined : action(this.descriptor);
  }

  close(): void {
    if (this.descriptor < 0) return;
    if (this.wait !== undefined) nativeBinding.ignoreReady(this.wait);
    closeSync(this.descriptor);
    this.descriptor = -1;
    this.queue.length = 0;
    this.queuedBytes = 0;
    this.room.tell();
  }

  private flush(): void {
    for (let bytes = this.queue[0]; bytes; bytes = this.queue[0]) {
      const written = writeNow(this.descriptor, bytes);
      if (written === 'broken') this.close();
      if (written === 'broken') return;
      if (written < bytes.length) this.queue[0] = bytes.subarray(written);
      else this.queue.shift();
      this.queuedBytes -= written;
      this.room.tell();
      if (written < bytes.length) {
        this.flushWhenReady();
        return;
      }
    }
    if (this.ending) this.close();
  }

  private flushWhenReady(): void {
    const wait = nativeBinding.whenReady(this.descriptor, true, (events) => {
      this.wait = undefined;
      // Of a pipe, the write that follows says the same; a terminal without programs would be ready for ever.
      if ((events & (pollEvents.error | pollEvents.hangUp)) === 0) this.flush();
      else this.close();
    });
    if (wait < 0) this.close();
    else this.wait = wait;
  }
}

function writeNow(descriptor: number, bytes: Buffer): number | 'broken' {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EAGAIN' || code === 'EINTR' ? 0 : 'broken';
  }
}
