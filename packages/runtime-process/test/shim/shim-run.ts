import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { makeFifo } from '../fifo.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { type LoggedStream, readLog, reassemble } from './log-records.js';
import { ShimConnection } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';

export type Settings = Readonly<Record<string, string | number | readonly string[]>>;

/** The file `exit`; the file `state` has the first half of it. */
export interface ShimExit {
  readonly pid: number;
  readonly startTime: number;
  readonly shimPid: number;
  readonly stopping: number;
  readonly stopped: number;
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: number;
  readonly logFirstSequence: number;
  readonly logNextSequence: number;
  readonly logLost: number;
  readonly maxRssBytes: number;
}

/** One process of aurae-shim from its launch to its end. */
export class ShimRun {
  readonly launcher: ChildProcess;
  readonly report: Promise<string>;
  /** No process of it is left: nobody holds the descriptor of the lock. */
  readonly ended: Promise<unknown>;

  constructor(
    readonly program: ShimProgram,
    readonly directory: string,
    command: readonly string[],
    settings: Settings,
  ) {
    mkdirSync(directory, { recursive: true });
    this.launcher = spawn(program.path, ['test'], {
      detached: true,
      env: { PATH: '/usr/bin:/bin', ...program.environment },
      // A socket in place of the lock file: its end says that nobody holds it.
      stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    });
    const lock = this.launcher.stdio[4] as Readable;
    this.ended = once(lock.resume(), 'close');
    this.report = textOf(this.launcher.stdout as Readable);
    const given = this.launcher.stdio[3] as Writable;
    given.on('error', () => undefined); // it may be dead
    given.end(settingsText(command, directory, settings));
    onTestFinished(() => this.#stop());
  }

  /** The pids, once the workload runs. */
  async started(): Promise<{ readonly pid: number; readonly shimPid: number }> {
    const report = await this.report;
    const [word, pid, , shimPid] = report.trim().split(' ');
    expect(word, report).toBe('ok');
    return { pid: Number(pid), shimPid: Number(shimPid) };
  }

  async exit(): Promise<ShimExit> {
    await this.started();
    await this.ended;
    return JSON.parse(readFileSync(join(this.directory, 'exit'), 'utf8')) as ShimExit;
  }

  state(): ShimExit {
    return JSON.parse(readFileSync(join(this.directory, 'state'), 'utf8')) as ShimExit;
  }

  connect(): Promise<ShimConnection> {
    return ShimConnection.open(join(this.directory, 'socket'));
  }

  /** A connection, once the workload runs. */
  async client(): Promise<ShimConnection> {
    await this.started();
    return this.connect();
  }

  /** What the workload wrote, put together from the log. */
  logged(stream: LoggedStream): string {
    return reassemble(readLog(join(this.directory, 'log')), stream).toString('latin1');
  }

  files(): readonly string[] {
    return existsSync(this.directory) ? readdirSync(this.directory).sort() : [];
  }

  async #stop(): Promise<void> {
    const [word, , , shimPid] = (await this.report).split(' ');
    if (word === 'ok') await Promise.race([this.ended, stopUnlessEnded(Number(shimPid), this.ended)]);
    await this.ended;
  }
}

/** The pid is that of the shim as long as its lock is held. */
async function stopUnlessEnded(pid: number, ended: Promise<unknown>): Promise<void> {
  const holds = await Promise.race([ended.then(() => false), new Promise((resolve) => setImmediate(resolve, true))]);
  if (holds) process.kill(pid, 'SIGTERM');
}

function settingsText(command: readonly string[], directory: string, settings: Settings): string {
  const all: Settings = {
    directory,
    log: join(directory, 'log'),
    socket: join(directory, 'socket'),
    file: command[0] ?? '',
    arg: command,
    env: ['PATH=/usr/bin:/bin'],
    'stop-grace-ms': 200,
    ...settings,
  };
  return Object.entries(all)
    .flatMap(([key, value]) => [value].flat().map((item) => `${key}=${item}\0`))
    .join('');
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
  return text;
}

/** Starts a command under the shim, in a directory of its own unless one is given. */
export function startShim(
  program: ShimProgram,
  command: readonly string[],
  settings: Settings = {},
  directory = join(temporaryDirectory(), 'run'),
): ShimRun {
  return new ShimRun(program, directory, command, settings);
}

/** The same, but the shim waits before it starts the command: until `goOn`. */
export function startHeldShim(program: ShimProgram, command: readonly string[]) {
  const directory = temporaryDirectory();
  const { path, opened } = makeFifo(directory);
  const run = startShim(program, command, { 'cgroup-set': [`${path}=1`] }, join(directory, 'run'));
  return { run, goOn: opened };
}
