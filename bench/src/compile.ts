import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Workspace } from './workspace.js';

/** Compiles a program of `native/`; where it lies then. */
export async function compile({ directory, children }: Workspace, name: string): Promise<string> {
  const source = fileURLToPath(new URL(`../native/${name}.c`, import.meta.url));
  const program = join(directory, name);
  const compiler = children.start('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'ignore', 'pipe'] });
  await compiler.ended;
  if (compiler.process.exitCode !== 0) throw compiler.failure();
  return program;
}
