import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../bin/aurae.js', import.meta.url));
const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type CliProcess = ChildProcessByStdio<null, Readable, Readable>;

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** Starts the built command, in an environment that names no daemon. */
export function startCli(args: readonly string[], variables: Readonly<Record<string, string>> = {}): CliProcess {
  return spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: cliEnvironment(variables) });
}

/** As `startCli`, with a pipe as standard input. */
export function startCliWithInput(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  return spawn(process.execPath, [bin, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: cliEnvironment(variables) });
}

export function cliEnvironment(variables: Readonly<Record<string, string>>): Record<string, string | undefined> {
  if (!existsSync(built)) throw new Error(`"${built}" is missing: run "npx tsc -b packages/cli" before these tests`);
  return { PATH: process.env['PATH'], HOME: '/nonexistent', ...variables };
}

/** Runs the command as one whom file modes bind, which they do not bind root. */
export async function runCliBoundByModes(
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const command: [string, ...string[]] = [process.execPath, bin, ...args];
  const dropped = '--bounding-set=-dac_override,-dac_read_search';
  const isRoot = process.geteuid?.() === 0;
  return await runProgram(isRoot ? ['setpriv', dropped, '--inh-caps=-all', ...command] : command, variables);
}

/** Runs a line of shell that calls the command as `aurae`. */
export async function runShell(line: string, variables: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return await runProgram(['/bin/sh', '-c', `${asFunction}${line}`], variables);
}

/** As `runShell`, on a terminal that script(1) makes. What it shows comes as `stdout`. */
export async function runOnTerminal(...[line, variables = {}]: Parameters<typeof runShell>): Promise<CliResult> {
  return await runProgram(['/usr/bin/script', '-qec', `${asFunction}${line}`, '/dev/null'], {
    SHELL: '/bin/sh',
    ...variables,
  });
}

const asFunction = `aurae() { '${process.execPath}' '${bin}' "$@"; }\n`;

async function runProgram(
  [program, ...args]: [string, ...string[]],
  variables: Readonly<Record<string, string>>,
): Promise<CliResult> {
  return await resultOf(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: cliEnvironment(variables) }));
}

/** Everything that a started command says, and how it ends. */
export async function resultOf(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Promise<CliResult> {
  const [stdoutBytes, stderr, [code, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout: stdoutBytes.toString(), stderr: stderr.toString(), stdoutBytes };
}

export async function runCli(...args: Parameters<typeof startCli>): Promise<CliResult> {
  return await resultOf(startCli(...args));
}
