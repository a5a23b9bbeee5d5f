import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../failures.js';
import { systemReason } from '../system-error.js';
import { formatOfName } from './file-format.js';

/** Of a directory its workload files, sorted by name and without the hidden ones; of anything else itself. */
export function workloadPaths(path: string): string[] {
  if (path === '-' || !isDirectory(path)) return [path];
  const files = namesIn(path)
    .filter((name) => !name.startsWith('.') && formatOfName(name) !== undefined)
    .sort();
  if (files.length === 0) throw new UsageError(`the directory "${path}" has no *.toml and no *.json`);
  return files.map((name) => join(path, name));
}

/** Whatever cannot be looked at is told by the reader of files. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    throw new UsageError(`cannot read the directory "${path}": ${systemReason(error)}`);
  }
}
