import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and those above it that are absent, with mode 0700. Each is tried once: the recursive mkdir of Node
 * never ends where an existing directory answers ENOENT, as those of procfs do.
 *
 * @param path absolute
 * @throws what stat(2) and mkdir(2) do; ENOTDIR, naming it, when something else is in the place of a directory
 */
export async function makeDirectories(path: string): Promise<void> {
  const absent: string[] = [];
  for (let at = path; !(await isDirectory(at)); at = dirname(at)) absent.push(at);
  for (const directory of absent.reverse()) await makeDirectory(directory);
}

/** False when nothing is there. What leads through a file is not there either; the file is met further up. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (path !== '/' && (code === 'ENOENT' || code === 'ENOTDIR')) return false;
    throw error;
  }
  throw notDirectory(path);
}

/** Somebody else may have made it meanwhile. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Also a symbolic link that leads nowhere.
    if (!(await isDirectory(path))) throw notDirectory(path);
  }
}

function notDirectory(path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`"${path}" is not a directory`), { code: 'ENOTDIR' });
}
