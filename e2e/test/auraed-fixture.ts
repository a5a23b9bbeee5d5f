import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const auraed = join(repository, 'packages/daemon/bin/auraed.js');
const aurae = join(repository, 'packages/cli/bin/aurae.js');

/** What a program left when it ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program under test, with what it has written so far. */
export class Program {
  readonly ended: Promise<Ended>;
  private output = '';
  private errors = '';
  private readonly listeners = new Set<() => void>();

  constructor(readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => this.heard(() => (this.output += text)));
    process.stderr?.setEncoding('utf8').on('data', (text: string) => this.heard(() => (this.errors += text)));
    this.ended = once(process, 'close').then(([code, signal]) => {
      this.heard(() => {});
      return { code, signal, stdout: this.output, stderr: this.errors } as Ended;
    });
  }

  static start(
    command: string,
    args: readonly string[],
    env: Record<string, string> = {},
    stdin: 'ignore' | 'pipe' = 'ignore',
  ): Program {
    return new Program(
      spawn(command, args, { env: { ...environment(), ...env }, stdio: [stdin, 'pipe', 'pipe'], cwd: '/' }),
    );
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** Resolves when standard output contains the text; rejects when the program ends before. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`It ended without saying "${text}": ${this.output}${this.errors}`);
      }
      await new Promise<void>((resolve) => this.listeners.add(resolve));
    }
  }

  /** Standard output and standard error up to now. */
  get said(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.output, stderr: this.errors };
  }

  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }

  private heard(change: () => void): void {
    change();
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }
}

/** Nothing of this test run leads the programs to another daemon. */
function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent', NO_COLOR: '1' };
}

/** A real `auraed` below a root directory of its own, and the real `aurae` to drive it. */
export class AuraedFixture implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'aurae-e2e-'));
  private readonly programs: Program[] = [];

  get socket(): string {
    return join(this.root, 'run/aurae/aurae.sock');
  }

  get pkiDir(): string {
    return join(this.root, 'etc/aurae/pki');
  }

  /** Starts a daemon and waits until it serves. */
  async start(...flags: string[]): Promise<Program> {
    const daemon = this.launch(...flags);
    await daemon.says('serves on');
    return daemon;
  }

  /** Starts a daemon and does not wait. */
  launch(...flags: string[]): Program {
    return this.track(Program.start(process.execPath, [auraed, '--root', this.root, ...flags]));
  }

  auraed(...args: string[]): Promise<Ended> {
    return this.track(Program.start(process.execPath, [auraed, ...args])).ended;
  }

  /** Runs the command to its end. */
  aurae(...args: string[]): Promise<Ended> {
    return this.startAurae(...args).ended;
  }

  startAurae(...args: string[]): Program {
    return this.track(Program.start(process.execPath, [aurae, ...args], { AURAE_ROOT: this.root }));
  }

  /** Its `process.stdin` is a pipe. */
  startAuraeWithInput(...args: string[]): Program {
    return this.track(Program.start(process.execPath, [aurae, ...args], { AURAE_ROOT: this.root }, 'pipe'));
  }

  /** Starts a daemon of another user, below a directory that is theirs, and waits until it serves. */
  async startAs(user: number, root: string): Promise<Program> {
    const identity = ['--reuid', String(user), '--regid', String(user), '--clear-groups'];
    const daemon = this.track(Program.start('setpriv', [...identity, process.execPath, auraed, '--root', root]));
    await daemon.says('serves on');
    return daemon;
  }

  /** Those that still run. */
  killPrograms(): void {
    for (const program of this.programs) if (program.process.exitCode === null) program.process.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killPrograms();
    await Promise.all(this.programs.map((program) => program.ended));
    rmSync(this.root, { recursive: true });
  }

  private track(program: Program): Program {
    this.programs.push(program);
    return program;
  }
}

/** What a process holds open, by what it is: `socket`, `pipe`, `anon_inode:[pidfd]`, or a path. */
export function openDescriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .flatMap((descriptor) => {
      try {
        const target = readlinkSync(`/proc/${pid}/fd/${descriptor}`).replace(/:\[\d+\]$/, '');
        // A bounded number of cgroups is kept for coming commands.
        return /@exec-\d+/.test(target) ? [] : [target];
      } catch {
        return [];
      }
    })
    .sort();
}

/** The children of a process, those that wait to be reaped included. */
export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  });
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

/** Resolves when the condition holds. The test's own time limit bounds the wait. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
