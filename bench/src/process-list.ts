import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Shims that keep an executable of a daemon below this directory. */
export function shimsBelow(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isShim(pid) && lockOf(pid).startsWith(`${directory}/`));
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1]);
}

/** Not counting those that wait to be reaped. */
export function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(readOrEmpty(`/proc/${pid}/status`));
}

export function descendantsOf(pid: number): number[] {
  const children = readOrEmpty(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

export function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

function isShim(pid: number): boolean {
  return readOrEmpty(`/proc/${pid}/cmdline`).startsWith('aurae-shim\0') && isAlive(pid);
}

/** Descriptor 4 of a shim is the lock on the record of its run. */
function lockOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/4`);
  } catch {
    return '';
  }
}

/** A process may end while one looks at it. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
