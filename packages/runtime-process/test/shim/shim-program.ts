import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../build/Release/aurae-shim', import.meta.url));
const buildScript = fileURLToPath(new URL('../../native/test/build-shim.sh', import.meta.url));

/** aurae-shim as it is shipped, or a variant that finds its own faults. */
export interface ShimProgram {
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the variant found, one text for each process with findings. */
  findings(): readonly string[];
}

export const releasedShim: ShimProgram = { path: built, environment: {}, findings: () => [] };

function filesWith(directory: string, prefix: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(prefix))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .filter((text) => text !== '');
}

/** Built into the directory with AddressSanitizer and UBSan. */
export function sanitizedShim(directory: string): ShimProgram {
  const path = join(directory, 'aurae-shim');
  execFileSync(buildScript, ['sanitize', path]);
  const options = `log_path=${join(directory, 'sanitizer')}`;
  return {
    path,
    environment: { ASAN_OPTIONS: options, UBSAN_OPTIONS: `${options}:print_stacktrace=1`, LSAN_OPTIONS: options },
    findings: () => filesWith(directory, 'sanitizer'),
  };
}

/** Errors begin with "=="; the rest tells of system calls that valgrind does not know (pidfd_open, TIOCGPTPEER). */
function hasError(text: string): boolean {
  const errors = text.split('\n').filter((line) => line.startsWith('=='));
  return errors.some((line) => !/unhandled ioctl|spurious value errors|README_MISSING_SYSCALL/.test(line));
}

/** Run by valgrind. */
export function valgrindShim(directory: string): ShimProgram {
  const program = join(directory, 'plain');
  const path = join(directory, 'aurae-shim');
  execFileSync(buildScript, ['plain', program]);
  const log = join(directory, 'valgrind.%p');
  const options = `--quiet --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite --log-file=${log}`;
  writeFileSync(path, `#!/bin/sh\nexec valgrind ${options} ${program} "$@"\n`, { mode: 0o755 });
  return {
    path,
    environment: {},
    findings: () => filesWith(directory, 'valgrind.').filter(hasError),
  };
}
