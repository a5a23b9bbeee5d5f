import { constants } from 'node:os';
import type { CommandCgroup } from './cgroup/command-cgroup.js';
import { deferred } from './deferred.js';
import type { ProcessScanner } from './process-scanner.js';
import type { CapturedOutput, ProcessExit, RunningProcess, StartingProcess } from './running-process.js';
import { type TerminationCause, type TerminationResult, terminateTree } from './termination.js';

export interface Graces {
  readonly killGraceMs: number;
  readonly leftBehindGraceMs: number;
}

export type LiveExecEnd = ExecEndedBeforeStart | ExecEnded;

/** It was ended while it waited for its start, or hung in it. */
export interface ExecEndedBeforeStart {
  readonly started: false;
  readonly cause: TerminationCause;
}

export interface ExecEnded {
  readonly started: true;
  readonly pid: number;
  readonly exit: ProcessExit;
  readonly output: CapturedOutput;
  /** The first cause of its termination; it wins over later ones. */
  readonly cause: TerminationCause | undefined;
  readonly termination: TerminationResult | undefined;
}

/** A start takes less than a millisecond. One that lasts this long after its end was wanted hangs in the kernel. */
const startPatienceMs = 250;

const unknownExit: ProcessExit = {
  exitCode: undefined,
  coreDumped: false,
  usage: { userCpuUs: 0, systemCpuUs: 0, maxRssBytes: 0 },
};

/** What differs where the output is not captured, and where there are cgroups. */
export interface LiveExecHooks {
  /** That it is started in, and nothing else is in until it is gone. */
  readonly cgroup?: CommandCgroup | undefined;
  /** Whether others still hold the output of the main process, which has ended: they are left behind then. */
  isOutputHeld?(): boolean;
  /** Whether it has a terminal, and is told so when that goes: interactive shells ignore TERM. Default: false. */
  readonly hangsUp?: boolean;
}

/** A command from before its start. It ends with its whole tree, by itself or by `end`. */
export class LiveExec {
  /** Settles when the caller can be answered: normally with `gone`, before it where a start hangs. */
  readonly finished: Promise<LiveExecEnd>;
  /** Settles when nothing of it is left. A process whose start was given up may come yet: it is killed then. */
  readonly gone: Promise<LiveExecEnd>;
  /** Settles once the start is done with what it was given, and never rejects: undefined when nothing runs. */
  readonly started: Promise<RunningProcess | undefined>;
  private readonly invocationId: string;
  private readonly scanner: ProcessScanner;
  private readonly graces: Graces;
  private readonly hooks: LiveExecHooks;
  private readonly startDone = deferred<RunningProcess | undefined>();
  private readonly givenUp = deferred<LiveExecEnd>();
  private readonly unending = deferred<undefined>();
  private starting: StartingProcess | undefined;
  private process: RunningProcess | undefined;
  private patience: NodeJS.Timeout | undefined;
  private isGivenUp = false;
  private cause: TerminationCause | undefined;
  private termination: Promise<TerminationResult> | undefined;
  private reaped = false;
  private isGone = false;

  constructor(
    start: () => StartingProcess,
    invocationId: string,
    scanner: ProcessScanner,
    graces: Graces,
    hooks: LiveExecHooks = {},
  ) {
    this.invocationId = invocationId;
    this.scanner = scanner;
    this.graces = graces;
    this.hooks = hooks;
    this.started = this.startDone.promise;
    this.gone = this.run(start).finally(() => {
      this.isGone = true;
    });
    this.finished = Promise.race([this.gone, this.givenUp.promise]);
  }

  get cgroup(): CommandCgroup | undefined {
    return this.hooks.cgroup;
  }

  /** Begins to end the tree. Later causes change nothing, nor does one after the end. */
  end(cause: TerminationCause): void {
    if (this.cause !== undefined || this.isGone) return;
    this.cause = cause;
    if (this.process) this.terminate(this.process, cause);
    else if (this.starting?.cancel() ?? true) this.giveUp(cause);
    else this.patience = setTimeout(() => this.giveUp(cause), startPatienceMs);
  }

  private giveUp(cause: TerminationCause): void {
    this.isGivenUp = true;
    this.givenUp.resolve({ started: false, cause });
  }

  private terminate(process: RunningProcess, cause: TerminationCause): void {
    const graceMs = cause === 'left-behind' ? this.graces.leftBehindGraceMs : this.graces.killGraceMs;
    const target = {
      root: () => ({ pid: process.pid, invocationId: this.invocationId, reaped: this.reaped }),
      signalMain: (signal: number) => void process.signal(signal),
      signalGroup: (signal: number) => void process.signalGroup(signal),
      cgroup: this.cgroup,
    };
    if (this.hooks.hangsUp) process.signalGroup(constants.signals.SIGHUP);
    this.termination = terminateTree(this.scanner, target, this.isGivenUp ? 0 : graceMs);
    // Also when it failed: `run` awaits it too, but perhaps only later.
    const settled = () => this.unending.resolve(undefined);
    this.termination.then(settled, settled);
  }

  private async run(start: () => StartingProcess): Promise<LiveExecEnd> {
    // Not at once: whoever changes their mind in the same tick runs nothing.
    await undefined;
    if (this.cause !== undefined) {
      this.startDone.resolve(undefined);
      return { started: false, cause: this.cause };
    }
    try {
      this.starting = start();
      this.process = await this.starting.started;
    } catch (error) {
      if (this.cause === undefined) throw error;
      return { started: false, cause: this.cause };
    } finally {
      clearTimeout(this.patience);
      this.startDone.resolve(this.process);
    }
    if (this.cause !== undefined) this.terminate(this.process, this.cause);
    return this.finish(this.process);
  }

  /** Of a main process that has ended. */
  private isAnythingLeft(): boolean {
    return (this.hooks.isOutputHeld?.() ?? false) || !(this.cgroup?.isEmpty() ?? true);
  }

  private async finish(process: RunningProcess): Promise<ExecEnded> {
    const exited = process.exited.then((exit) => {
      this.reaped = true;
      return exit;
    });
    const exit = await Promise.race([exited, this.unending.promise]);
    const { pid } = process;
    if (exit?.output && this.cause === undefined && !this.isAnythingLeft()) {
      return { started: true, pid, exit, output: exit.output, cause: undefined, termination: undefined };
    }
    try {
      this.cause ??= 'left-behind';
      if (!this.termination) this.terminate(process, this.cause);
      const termination = await this.termination;
      const output = exit?.output ?? process.finishOutput();
      return { started: true, pid, exit: exit ?? unknownExit, output, cause: this.cause, termination };
    } finally {
      // Also when the scan failed, and whenever it ends at last: the pipes must not stay open.
      if (!exit?.output) void exited.then(() => process.finishOutput());
    }
  }
}

/** setTimeout fires at once for anything longer. */
const longestTimeoutMs = 2 ** 31 - 1;

/** Ends a command by timeout, unless the result is called before. 0 means never. */
export function endAfter(live: LiveExec, timeoutMs: number): () => void {
  if (timeoutMs === 0) return () => undefined;
  const timer = setTimeout(() => live.end('timeout'), Math.min(timeoutMs, longestTimeoutMs));
  return () => clearTimeout(timer);
}
