import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from './temporary-directory.js';

/** The path of a program made of one C file of `fixtures/`; removed with the test. */
export function compiledFixture(name: string, ...flags: readonly string[]): string {
  const source = fileURLToPath(new URL(`./fixtures/${name}.c`, import.meta.url));
  const program = join(temporaryDirectory(), name);
  execFileSync('gcc', ['-Wall', '-Wextra', '-Werror', '-pthread', ...flags, source, '-o', program]);
  return program;
}
