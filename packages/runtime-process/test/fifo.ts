import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A named pipe by which a fixture says that it has got somewhere: opening it waits for the other side. */
export function makeFifo(directory: string): { readonly path: string; readonly opened: () => Promise<string> } {
  const path = join(directory, 'fifo');
  execFileSync('mkfifo', [path]);
  return { path, opened: () => readFile(path, 'utf8') };
}
