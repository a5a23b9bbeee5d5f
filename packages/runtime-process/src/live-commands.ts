import { setTimeout as delay } from 'node:timers/promises';
import { type observe, ResourceExhaustedError, ShuttingDownError } from '@aurae/proto';
import type { CommandCgroup } from './cgroup/command-cgroup.js';
import type { CommandCgroups } from './cgroup/command-cgroups.js';
import type { LiveExec, LiveExecEnd } from './live-exec.js';
import type { CompleteProcessRuntimeOptions } from './process-runtime-options.js';
import { ProcessScanner } from './process-scanner.js';
import type { OutputChannel, RunningProcess } from './running-process.js';
import { killLimitMs } from './termination.js';

/** Makes a follower of the output of a process. */
export type FollowOutput = (
  process: RunningProcess,
  channel: OutputChannel,
  signal: AbortSignal,
) => AsyncIterable<observe.LogItem>;

type Follow = (channel: OutputChannel, signal: AbortSignal) => AsyncIterable<observe.LogItem>;

/** The commands that run, of all kinds together: their limit, their followers, and their common end. */
export class LiveCommands implements AsyncDisposable {
  readonly scanner: ProcessScanner;
  private readonly options: CompleteProcessRuntimeOptions;
  /** Those whose process is only being started, and those whose caller has got its answer already, too. */
  private readonly live = new Set<LiveExec>();
  private readonly calls = new Set<Promise<unknown>>();
  private readonly followers = new Map<number, Follow>();
  private cgroups: CommandCgroups | undefined;
  private disposing = false;

  constructor(options: CompleteProcessRuntimeOptions, scanner = new ProcessScanner()) {
    this.options = options;
    this.scanner = scanner;
  }

  /** From now on commands have a cgroup each. */
  useCgroups(cgroups: CommandCgroups | undefined): void {
    this.cgroups = cgroups;
  }

  /** For a command that is tracked next. */
  takeCgroup(): CommandCgroup | undefined {
    return this.cgroups?.take();
  }

  /** Throws when no further command may run. */
  admit(label: string): void {
    if (this.disposing) throw new ShuttingDownError('Cannot run a command: the daemon is shutting down');
    if (this.live.size < this.options.maxLiveExecs) return;
    throw new ResourceExhaustedError(
      `Cannot run "${label}": ${this.live.size} commands run already, which is the limit. Wait for some to ` +
        'end, or raise max_live_execs in the config',
    );
  }

  /** Counts a command until nothing of it is left; then its cgroup is free for another. */
  track(live: LiveExec, follow: FollowOutput): void {
    this.live.add(live);
    const forget = (end?: LiveExecEnd) => {
      this.live.delete(live);
      // One that was not ended has ended with nothing left.
      if (live.cgroup) this.cgroups?.giveBack(live.cgroup, end?.started === true && end.cause === undefined);
    };
    live.gone.then(forget, () => forget());
    void live.started.then((process) => {
      if (process) this.offer(process, live, follow);
    });
    if (this.disposing) live.end('shutdown');
  }

  /** `dispose` waits for it. */
  async during<Result>(call: Promise<Result>): Promise<Result> {
    this.calls.add(call);
    try {
      return await call;
    } finally {
      this.calls.delete(call);
    }
  }

  /** Undefined when no command has this main process. */
  follow(pid: number, channel: OutputChannel, signal: AbortSignal): AsyncIterable<observe.LogItem> | undefined {
    return this.followers.get(pid)?.(channel, signal);
  }

  /** Ends all commands with their trees. Bounded by the grace period and 5 s, whatever hangs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.disposing = true;
    for (const live of this.live) live.end('shutdown');
    const limitMs = Math.max(this.options.killGraceMs, this.options.leftBehindGraceMs) + killLimitMs;
    const patience = new AbortController();
    const limit = delay(limitMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled([...this.calls, ...Array.from(this.live, ({ gone }) => gone)]), limit]);
    patience.abort();
  }

  private offer(process: RunningProcess, live: LiveExec, follow: FollowOutput): void {
    const { pid } = process;
    const offered: Follow = (channel, signal) => follow(process, channel, signal);
    this.followers.set(pid, offered);
    const withdraw = () => {
      // The pid may have gone to another command meanwhile.
      if (this.followers.get(pid) === offered) this.followers.delete(pid);
    };
    live.gone.then(withdraw, withdraw);
  }
}
