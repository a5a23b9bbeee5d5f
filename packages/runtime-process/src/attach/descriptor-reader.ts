import { closeSync, readSync } from 'node:fs';
import { deferred } from '../deferred.js';
import { nativeBinding } from '../native-binding.js';
import { pollEvents } from './poll-events.js';

/** As AttachResponse has it at most. */
const pieceBytes = 64 * 1024;
/** The most that a pipe may hold, as the kernel is set up (pipe(7), pipe-max-size). */
const mostAtTheEndBytes = 1024 * 1024;

/** One for all: nothing else runs between reading into it and copying out of it. */
const scratch = Buffer.allocUnsafeSlow(pieceBytes);

/** Reads a pipe or the master of a terminal, and nothing before it is asked to: until then the writer waits. */
export class DescriptorReader {
  private descriptor: number;
  private wait: number | undefined;
  private wake = deferred<undefined>();
  private finishing = false;
  private remainingBytes = mostAtTheEndBytes;

  /** Takes over the descriptor, which has to be non-blocking. */
  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /** Undefined at the end. Each piece takes a turn of the event loop, so that one who writes endlessly starves nobody. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (!this.finishing) await this.ready();
      if (this.descriptor < 0) return undefined;
      const count = readNow(this.descriptor);
      if (count === undefined && !this.finishing) continue;
      if (count) return this.piece(count);
      this.close();
      return undefined;
    }
  }

  /** Whether somebody could still write. */
  isHeld(): boolean {
    return this.descriptor >= 0 && (nativeBinding.pollDescriptor(this.descriptor) & pollEvents.hangUp) === 0;
  }

  /** What is there is read, nothing else is waited for. */
  finish(): void {
    this.finishing = true;
    this.stopWaiting();
  }

  close(): void {
    if (this.descriptor < 0) return;
    this.stopWaiting();
    closeSync(this.descriptor);
    this.descriptor = -1;
  }

  private piece(count: number): Buffer | undefined {
    if (this.finishing) this.remainingBytes -= count;
    // One that has escaped and writes on must not keep it busy.
    if (this.remainingBytes < 0) this.close();
    return Buffer.from(scratch.subarray(0, count));
  }

  private async ready(): Promise<void> {
    if (this.descriptor < 0) return;
    this.wake = deferred();
    const wait = nativeBinding.whenReady(this.descriptor, false, () => {
      this.wait = undefined;
      this.wake.resolve(undefined);
    });
    if (wait < 0) throw new Error(`waiting for the output of a command failed: errno ${-wait}`);
    this.wait = wait;
    await this.wake.promise;
  }

  private stopWaiting(): void {
    if (this.wait === undefined) return;
    nativeBinding.ignoreReady(this.wait);
    this.wait = undefined;
    this.wake.resolve(undefined);
  }
}

/** 0 at the end; undefined when there is nothing now. */
function readNow(descriptor: number): number | undefined {
  try {
    return readSync(descriptor, scratch, 0, pieceBytes, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EINTR') return undefined;
    // The last program of a terminal has closed it.
    if (code === 'EIO') return 0;
    throw error;
  }
}
