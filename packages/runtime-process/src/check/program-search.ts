import { isAbsolute, join } from 'node:path';
import { interpreterOf } from './interpreter.js';
import { executableObstacle, type Obstacle } from './path-access.js';
import type { TargetUser } from './target-user.js';

/** From where a program is looked for, and by whom. */
export interface ProgramSearch {
  readonly cwd: string;
  /** The PATH of its environment. */
  readonly path: string;
  readonly user: TargetUser;
}

/** NAME_MAX and PATH_MAX of limits.h. */
const longestName = 255;
const longestPath = 4096;
/** Scripts whose interpreters are scripts: the kernel goes on for five. */
const mostInterpreters = 5;
/** Errors of one candidate after which execvp(3) tries the next directory. */
const triesNext: readonly Obstacle[] = ['ENOENT', 'ENOTDIR', 'EACCES'];

/** What keeps a program from being executed, with the search of native/exec-search.c. */
export async function programObstacle(file: string, search: ProgramSearch): Promise<Obstacle> {
  if (file.includes('/')) return fileObstacle(file, search);
  if (Buffer.byteLength(file) > longestName) return 'ENAMETOOLONG';
  let isDenied = false;
  for (const directory of search.path.split(':')) {
    if (Buffer.byteLength(directory) >= longestPath) continue;
    // An empty element means the working directory.
    const found = await fileObstacle(directory === '' ? file : `${directory}/${file}`, search);
    if (!triesNext.includes(found)) return found;
    isDenied ||= found === 'EACCES';
  }
  return isDenied ? 'EACCES' : 'ENOENT';
}

async function fileObstacle(file: string, search: ProgramSearch, depth = 0): Promise<Obstacle> {
  const path = isAbsolute(file) ? file : join(search.cwd, file);
  const found = await executableObstacle(path, search.user);
  if (found !== undefined) return found;
  const interpreter = await interpreterOf(path);
  if (!interpreter || depth >= mostInterpreters) return undefined;
  // One that the kernel would not run as it is goes to /bin/sh, which is taken to be there.
  if (interpreter.isScript) return fileObstacle(interpreter.path, search, depth + 1);
  return executableObstacle(join('/', interpreter.path), { kind: 'unknown' });
}
