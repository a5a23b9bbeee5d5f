import type { Stats } from 'node:fs';
import { FailedPreconditionError } from '@aurae/proto';

/** Refuses a key, or a directory of keys, that anyone but its owner may read, write or search. */
export function assertPrivate(path: string, stats: Stats): void {
  if ((stats.mode & 0o077) === 0) return;
  const [kind, wanted] = stats.isDirectory() ? ['directory', '700'] : ['private key', '600'];
  const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0');
  throw new FailedPreconditionError(
    `Cannot use the ${kind} ${JSON.stringify(path)}: its mode ${mode} opens it to other users; ` +
      `run: chmod ${wanted} ${shellQuote(path)}`,
  );
}

function shellQuote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) && !path.startsWith('-') ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
