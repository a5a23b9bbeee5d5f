import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const killAfterMs = 5_000;
const longestMessage = 4_000;

/** Every process that the bench starts, so that none outlives it. */
export class ChildProcesses {
  private readonly alive = new Set<StartedProcess>();
  private closed = false;

  start(command: string, args: readonly string[], options: SpawnOptions): StartedProcess {
    if (this.closed) throw new Error('The bench is ending');
    const started = new StartedProcess(spawn(command, args, options));
    this.alive.add(started);
    void started.ended.finally(() => this.alive.delete(started));
    return started;
  }

  /** TERM to all, and KILL to those that are still there some seconds later. */
  async stopAll(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.alive].map((started) => started.stop()));
  }
}

/** A process that was started, with the end of what it wrote to its standard error. */
export class StartedProcess {
  /** Resolves when it has ended and its output was read; never rejects. */
  readonly ended: Promise<void>;
  private errors = '';
  private startError: Error | undefined;

  constructor(readonly process: ChildProcess) {
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-longestMessage);
    });
    process.on('error', (error) => {
      this.startError = error;
    });
    this.ended = once(process, 'close').then(
      () => undefined,
      () => undefined,
    );
  }

  /** What `wanted` gives, unless the process ends before. */
  async unlessEnded<Value>(wanted: Promise<Value>): Promise<Value> {
    return Promise.race([wanted, this.ended.then(() => Promise.reject(this.failure()))]);
  }

  failure(): Error {
    const { spawnfile, exitCode, signalCode } = this.process;
    const end = this.startError?.message ?? `ended with ${signalCode ?? exitCode}`;
    return new Error(`"${spawnfile}" ${end}${this.errors && `: ${this.errors.trim()}`}`);
  }

  async stop(): Promise<void> {
    this.process.kill('SIGTERM');
    // It may have been stopped between two measurements.
    this.process.kill('SIGCONT');
    const waiting = new AbortController();
    const kill = delay(killAfterMs, undefined, { signal: waiting.signal }).then(
      () => this.process.kill('SIGKILL'),
      () => undefined,
    );
    await this.ended;
    waiting.abort();
    await kill;
  }
}
