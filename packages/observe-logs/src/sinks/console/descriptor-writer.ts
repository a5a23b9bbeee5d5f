import { constants, open, write } from 'node:fs';
import { promisify } from 'node:util';
import type { TextWriter } from './console-output.js';

const openFile = promisify(open);
const writeSome = promisify(write);

const shortestPauseMs = 10;
const longestPauseMs = 250;

/**
 * Writes to a terminal or a regular file on the thread pool, where Node's own streams would stop the process until
 * the kernel has taken everything.
 *
 * A terminal is opened anew, without blocking: the flag belongs to the open file, which the shell shares. A frozen
 * one answers EAGAIN and is asked again, so no thread hangs in it; libuv waits for its threads when the process ends.
 * Where opening is not possible (no /proc, or the terminal of another user), the write blocks a thread of the pool.
 */
export class DescriptorWriter implements TextWriter {
  private isAwaited = false;
  private pauseMs = shortestPauseMs;
  private timer: NodeJS.Timeout | undefined;
  private opened: Promise<number> | undefined;

  constructor(
    private readonly descriptor: number,
    private readonly isTerminal: boolean,
  ) {}

  async write(text: string): Promise<Error | undefined> {
    try {
      this.opened ??= this.isTerminal ? openWithoutBlocking(this.descriptor) : Promise.resolve(this.descriptor);
      await this.writeAll(await this.opened, Buffer.from(text));
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  setAwaited(isAwaited: boolean): void {
    this.isAwaited = isAwaited;
    if (isAwaited) this.timer?.ref();
    else this.timer?.unref();
  }

  private async writeAll(descriptor: number, bytes: Buffer): Promise<void> {
    let start = 0;
    while (start < bytes.length) {
      try {
        const { bytesWritten } = await writeSome(descriptor, bytes, start, bytes.length - start, null);
        start += bytesWritten;
        this.pauseMs = shortestPauseMs;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await this.pause();
      }
    }
  }

  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.timer = setTimeout(resolve, this.pauseMs);
      this.setAwaited(this.isAwaited);
    });
    this.pauseMs = Math.min(2 * this.pauseMs, longestPauseMs);
  }
}

/** The open terminal stays open as long as the process: there is one for each terminal it writes to. */
async function openWithoutBlocking(descriptor: number): Promise<number> {
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return await openFile(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}
