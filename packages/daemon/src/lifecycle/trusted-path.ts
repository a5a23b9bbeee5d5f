import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartupError } from './startup-error.js';

const stickyBit = 0o1000;
const writableByOthers = 0o022;

/**
 * Refuses a path that somebody other than the daemon's user and root could have laid there, or could change: the
 * configuration names code that the daemon runs, and the certificates say who may command it. Looks at what exists of
 * the path and at every directory above, as sshd(8) does with StrictModes; a shared directory such as /tmp may be
 * above, because its sticky bit keeps others from replacing what is in it.
 *
 * @throws StartupError naming what is wrong and the next step
 */
export function assertTrustedPath(path: string): void {
  let current = existingPart(path);
  const target = current;
  for (;;) {
    assertTrusted(path, current, statSync(current), current === target);
    const parent = dirname(current);
    if (parent === current) return;
    current = parent;
  }
}

function existingPart(path: string): string {
  for (let current = path; ; current = dirname(current)) {
    try {
      return realpathSync(current);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || dirname(current) === current) {
        throw new StartupError(`Cannot look at "${path}": ${message}`);
      }
    }
  }
}

function assertTrusted(path: string, part: string, { uid, mode }: Stats, isTarget: boolean): void {
  const own = process.geteuid?.() ?? 0;
  const about = part === path ? `"${path}"` : `"${path}": "${part}"`;
  if (uid !== own && uid !== 0) {
    throw new StartupError(
      `Cannot trust ${about} belongs to uid ${uid}, neither to the daemon's uid ${own} nor to root: chown it, or ` +
        'choose another path',
    );
  }
  const isShared = (mode & stickyBit) !== 0 && !(isTarget && part === path);
  if (mode & writableByOthers && !isShared) {
    const octal = (mode & 0o7777).toString(8);
    throw new StartupError(`Cannot trust ${about} is writable by others (mode ${octal}): run "chmod go-w ${part}"`);
  }
}
