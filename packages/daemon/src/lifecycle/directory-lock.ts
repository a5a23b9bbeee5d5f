import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StartupError } from './startup-error.js';

/** flock(1)'s exit code for "somebody else has it", chosen by `--conflict-exit-code`. */
const conflict = 75;

/**
 * An advisory lock on a file, held until disposed, or until the process ends however it ends.
 *
 * Node has no flock(2). flock(1) takes the lock on a descriptor that it inherits; such a lock belongs to the open
 * file, so it stays with this process when flock(1) has exited. See docs/decisions/0004.
 */
export class DirectoryLock implements AsyncDisposable {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param path the lock file; made when missing, and left behind, since removing it would let two hold "the" lock
   * @param protects what is locked, for the error
   * @throws StartupError when another process holds the lock
   */
  static async acquire(path: string, protects: string): Promise<DirectoryLock> {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600).catch(
      (error: Error) => {
        throw new StartupError(`Cannot open the lock file "${path}": ${error.message}`);
      },
    );
    try {
      await takeLock(file.fd, path, protects);
      await file.truncate();
      await file.write(`${process.pid}\n`, 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new DirectoryLock(path, file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close().catch(() => undefined);
  }
}

async function takeLock(fd: number, path: string, protects: string): Promise<void> {
  const child = spawn('flock', ['--nonblock', '--conflict-exit-code', String(conflict), '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  const [code] = (await once(child, 'exit').catch((error: Error) => {
    throw new StartupError(
      `Cannot run flock(1), which guards against a second daemon: ${error.message}; run "apt-get install util-linux"`,
    );
  })) as [number | null];
  if (code === conflict) {
    throw new StartupError(
      `Another auraed already uses ${protects} (it holds the lock "${path}"): stop it, or choose other directories with --root`,
    );
  }
  if (code !== 0) throw new StartupError(`Cannot lock "${path}": flock(1) ended with ${code}`);
}
