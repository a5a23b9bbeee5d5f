import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectories } from './make-directories.js';
import { mendLastLine } from './torn-line.js';

const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NOCTTY, O_NONBLOCK } = constants;
// Read as well, to find a torn last line. Nothing hangs in the opening of a FIFO or a device.
const flags = O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;

/** An open file that whole batches are appended to: all of a batch, or nothing. */
export class LogFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly identity: string,
    private knownBytes: number,
  ) {}

  /**
   * Makes the file (mode 0600) and its directories (0700) where they are absent, and cuts off a torn last line.
   *
   * @throws what mkdir(2) and open(2) do; ELOOP for a symbolic link; an error without a code for what is no regular file
   */
  static async open(path: string): Promise<LogFile> {
    await makeDirectories(dirname(path));
    const handle = await open(path, flags, 0o600);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error('it is not a regular file');
      return new LogFile(path, handle, identityOf(stats), await mendLastLine(handle));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.knownBytes;
  }

  /** Whether the path still leads to this file: another program may have renamed or removed it. */
  async isCurrent(): Promise<boolean> {
    try {
      const stats = await stat(this.path);
      this.knownBytes = stats.size;
      return identityOf(stats) === this.identity;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Throws what write(2) does; then the part that was written has been taken away again. */
  async append(bytes: Buffer): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written);
        written += bytesWritten;
      }
      this.knownBytes += written;
    } catch (error) {
      if (written > 0) await this.takeBack(written);
      throw error;
    }
  }

  /** Throws what fdatasync(2) does. */
  async sync(): Promise<void> {
    await this.handle.datasync();
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** What somebody else has appended since must stay; the torn line is then mended at the next opening. */
  private async takeBack(written: number): Promise<void> {
    const { size } = await this.handle.stat();
    if (size === this.knownBytes + written) await this.handle.truncate(this.knownBytes);
  }
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
