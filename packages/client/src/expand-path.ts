import { join, resolve } from 'node:path';

/** An absolute path: `~/` is the user's home, anything else relative lies in `baseDir`. */
export function expandPath(path: string, baseDir: string, homeDir: string): string {
  if (path === '~') return homeDir;
  return path.startsWith('~/') ? join(homeDir, path.slice(2)) : resolve(baseDir, path);
}
