import { readFileSync } from 'node:fs';
import { UsageError } from '../failures.js';
import { systemReason } from '../system-error.js';

/** The lines of a file of variables, as `--env` takes them. Blank lines and those that begin with `#` say nothing. */
export function readEnvironmentFile(path: string): string[] {
  return environmentLines(read(path), path);
}

export function environmentLines(text: string, path: string): string[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const entry = line.trimStart();
    if (entry === '' || entry.startsWith('#')) return [];
    if (/^[^=\s]+(?:=|\s*$)/.test(entry)) return [entry.includes('=') ? entry : entry.trimEnd()];
    throw new UsageError(
      `line ${index + 1} of the --env-from file "${path}" names no variable: write NAME=VALUE or NAME`,
    );
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the --env-from file "${path}": ${systemReason(error)}`);
  }
}
