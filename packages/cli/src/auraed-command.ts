import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { AuraedError } from './auraed-error.js';

/** Runs auraed as a tool. Returns what it printed; fails with the error that it told as JSON. */
export async function runAuraed(args: readonly string[]): Promise<string> {
  const [program, ...first] = findAuraed(process.env);
  const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  try {
    const [code, [stdout, stderr]] = await Promise.all([ended, output]);
    if (code === 0) return stdout;
    throw errorOf(stderr, code);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).syscall?.startsWith('spawn') ? notRunnable(program, error) : error;
  }
}

/** `AURAED`, else that of the same checkout or node_modules, else that of PATH. */
export function findAuraed(variables: Readonly<Record<string, string | undefined>>): [string, ...string[]] {
  const named = variables['AURAED'];
  if (named) return [named];
  const script = installedScript();
  return script === undefined ? ['auraed'] : [process.execPath, script];
}

/** The daemon is no dependency of this package, and its package.json is not among its exports: it is looked for. */
function installedScript(): string | undefined {
  const { resolve } = createRequire(import.meta.url);
  for (const dir of resolve.paths('@aurae/daemon') ?? []) {
    const packageDir = join(dir, '@aurae/daemon');
    if (!existsSync(join(packageDir, 'package.json'))) continue;
    const { bin } = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as {
      bin?: Record<string, string>;
    };
    const script = bin?.['auraed'] && join(packageDir, bin['auraed']);
    if (script && existsSync(script)) return script;
  }
  return undefined;
}

function errorOf(stderr: string, code: number | null): AuraedError {
  // Before the error there may be warnings, of node for one.
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const exitCode = code === 2 ? 2 : 1;
  try {
    const { error } = JSON.parse(said) as { error: { reason: string; message: string } };
    return new AuraedError(error.reason, inFlags(error.message), exitCode);
  } catch {
    const sentence = /^auraed: (.+)$/.exec(said)?.[1];
    if (sentence !== undefined && code === exitCode) return new AuraedError('INTERNAL', inFlags(sentence), exitCode);
    return new AuraedError('INTERNAL', `auraed failed${code === null ? '' : ` with exit code ${code}`}: ${said}`);
  }
}

/** What auraed advises, as what is typed here. */
function inFlags(message: string): string {
  return message.replace(/(?<!-)\boverwrite it$/, 'give --overwrite').replace(/ with overwrite$/, ' with --overwrite');
}

function notRunnable(program: string, error: unknown): AuraedError {
  const { code } = error as NodeJS.ErrnoException;
  return new AuraedError(
    'FAILED_PRECONDITION',
    `Cannot run auraed, which issues the certificates: "${program}" ` +
      `${code === 'ENOENT' ? 'does not exist' : `cannot be executed (${code})`}. Install auraed, or name it with AURAED`,
  );
}
