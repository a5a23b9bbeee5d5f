import { readFileSync } from 'node:fs';
import { UsageError } from '../failures.js';
import { systemReason } from '../system-error.js';

/** The lines of a file of variables, as `--env` takes them. */
export function readEnvironmentFile(path: string): string[] {
  const file = `the --env-from file "${path}"`;
  return environmentLines(readVariables(path, file), file);
}

/**
 * The lines that name variables. Blank ones and those that begin with `#` say nothing.
 *
 * @param file what it is called in messages
 */
export function environmentLines(text: string, file: string): string[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const entry = line.trimStart();
    if (entry === '' || entry.startsWith('#')) return [];
    if (/^[^=\s]+(?:=|\s*$)/.test(entry)) return [entry.includes('=') ? entry : entry.trimEnd()];
    throw new UsageError(`line ${index + 1} of ${file} names no variable: write NAME=VALUE or NAME`);
  });
}

/** @param file what it is called in messages */
export function readVariables(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${systemReason(error)}`);
  }
}
