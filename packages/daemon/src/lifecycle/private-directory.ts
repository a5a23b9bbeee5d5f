import { lstatSync, mkdirSync } from 'node:fs';
import { StartupError } from './startup-error.js';

const stickyBit = 0o1000;

/**
 * Makes a directory (and its parents) that only its owner may enter, or checks that an existing one is the daemon's
 * and that nobody else may write there.
 *
 * @throws StartupError naming the directory and the next step
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartupError(`Cannot make the directory "${path}": ${(error as Error).message}`);
  }
  const { uid, mode } = directoryStat(path);
  const own = process.geteuid?.() ?? 0;
  if (mode & stickyBit) {
    throw new StartupError(`The directory "${path}" is shared by all users: choose one for the daemon alone`);
  }
  if (uid !== own) {
    throw new StartupError(
      `The directory "${path}" belongs to uid ${uid}, not to the daemon's uid ${own}: chown it, or choose another with --root`,
    );
  }
  if (mode & 0o022) {
    const octal = (mode & 0o777).toString(8);
    throw new StartupError(`Others may write to the directory "${path}" (mode ${octal}): run "chmod go-w ${path}"`);
  }
}

function directoryStat(path: string): { uid: number; mode: number } {
  const stat = lstatSync(path);
  if (!stat.isDirectory())
    throw new StartupError(`"${path}" is not a directory: remove it, or choose another with --root`);
  return stat;
}
