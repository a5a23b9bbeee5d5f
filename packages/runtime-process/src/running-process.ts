import { constants } from 'node:os';
import { deferred } from './deferred.js';
import { type NativeOutput, nativeBinding, trampolinePath } from './native-binding.js';
import { signalName } from './signal-names.js';
import { SpawnFailure, SpawnStep } from './spawn-failure.js';

export interface ProcessOptions {
  /** A path, or a name that is looked up on the PATH of `env`. */
  readonly file: string;
  /** All of them, the zeroth included. */
  readonly argv: readonly string[];
  /** Exactly this, nothing of the daemon's own. With `user`, also HOME, SHELL, USER and LOGNAME unless given. */
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  /** A name, `uid`, `name:group` or `uid:gid`. Absent: the daemon's own user. */
  readonly user?: string | undefined;
  /**
   * Descriptor i of the process: a descriptor of the daemon, `null` for /dev/null, or, for 1 and 2, `capture`.
   * Default: stdin from /dev/null, output captured.
   */
  readonly stdio?: readonly (number | 'capture' | null)[];
  /** Descriptor 0 is a terminal, and becomes the controlling one. Default: false. */
  readonly controllingTerminal?: boolean;
  /**
   * Open directory of the cgroup of version 2 that it is born into, which has to stay open until it runs. Where the kernel
   * refuses that, it is born into the daemon's own.
   */
  readonly cgroup?: number | undefined;
  /** Kernel kills it when the daemon dies. Default: true. */
  readonly endsWithDaemon?: boolean;
  /** For each captured channel. Default: 1 MiB. */
  readonly captureLimitBytes?: number;
  /** For all captures that are live. Default: 256 MiB. */
  readonly captureBudgetBytes?: number;
}

export interface CapturedChannel {
  /** What was kept: the head of what was written. */
  readonly bytes: Buffer;
  /** How many bytes were written. */
  readonly totalBytes: number;
  /** Cut before its own limit, because all captures together had reached theirs. */
  readonly overBudget: boolean;
}

export type OutputChannel = 'stdout' | 'stderr';

export interface CapturedOutput {
  readonly stdout: CapturedChannel;
  readonly stderr: CapturedChannel;
}

export interface ProcessExit {
  /** 128 + signal when a signal ended it. Undefined when the kernel did not tell: another has reaped it. */
  readonly exitCode: number | undefined;
  /** Name of the signal that ended it, e.g. `SIGKILL`. */
  readonly signal?: { readonly number: number; readonly name: string };
  readonly coreDumped: boolean;
  /** Of the process and those of its children that it waited for. The peak is 0 when it is below the daemon's own. */
  readonly usage: { readonly userCpuUs: number; readonly systemCpuUs: number; readonly maxRssBytes: number };
  /** With `user`: the program could not be run. */
  readonly failure?: SpawnFailure;
  /** Absent while other processes hold its pipes or are in its group: end them, then `finishOutput()`. */
  readonly output?: CapturedOutput;
}

/** A process that was started here. It is reaped when it ends, whoever waits for it. */
export class RunningProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  private readonly id: number;
  private readonly listeners = new Set<() => void>();

  constructor(id: number, pid: number, exited: Promise<ProcessExit>) {
    this.id = id;
    this.pid = pid;
    this.exited = exited;
  }

  /** False when it has ended. Reaches this process or none. */
  signal(signal: number): boolean {
    return nativeBinding.signalProcess(this.id, signal) === 0;
  }

  /** The same for its process group: false once it has been reaped, since the group's number is free then. */
  signalGroup(signal: number): boolean {
    return nativeBinding.signalGroup(this.id, signal) === 0;
  }

  /** After an exit without `output`: takes what is there and closes the pipes. Empty when called again. */
  finishOutput(): CapturedOutput {
    return outputOf(nativeBinding.finishOutput(this.id));
  }

  /** What of its output was captured so far, from there on; nothing once it was handed over. */
  captured(channel: OutputChannel, from: number, mostBytes: number): Buffer {
    return nativeBinding.capturedOutput(this.id, channel === 'stdout' ? 0 : 1, from, mostBytes) ?? nothing;
  }

  /** Tells when output was captured. The result takes the listener back; while there is none, nothing is paid. */
  onCaptured(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) nativeBinding.followOutput(this.id, () => this.tellCaptured());
    return () => {
      if (this.listeners.delete(listener) && this.listeners.size === 0) nativeBinding.followOutput(this.id, null);
    };
  }

  private tellCaptured(): void {
    for (const listener of this.listeners) listener();
  }

  /** Lets the event loop end before the process does. */
  unref(): void {
    nativeBinding.setReferenced(this.id, false);
  }

  ref(): void {
    nativeBinding.setReferenced(this.id, true);
  }
}

/** A process that waits for its start, or is being started: that may take as long as the kernel likes. */
export interface StartingProcess {
  readonly started: Promise<RunningProcess>;
  /** True when the start had not begun and never will: `started` rejects when its turn comes. */
  cancel(): boolean;
}

/**
 * Starts a process: in a session of its own, default signal dispositions, empty signal mask, umask 022, no
 * descriptors but `stdio`. Rejects with `SpawnFailure`; with `user`, a failure to run the program comes with the exit.
 */
export function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  return beginProcess(options).started;
}

/** `startProcess`, for a caller that may change its mind. */
export function beginProcess(options: ProcessOptions): StartingProcess {
  const exit = deferred<ProcessExit>();
  let id = 0;
  const started = new Promise<RunningProcess>((resolve, reject) => {
    id = nativeBinding.spawn(
      {
        file: options.file,
        arguments: packed(options.argv),
        environment: packed(Array.from(options.env, ([name, value]) => `${name}=${value}`)),
        directory: options.cwd,
        stdio: (options.stdio ?? [null, 'capture', 'capture']).map(nativeDescriptor),
        user: options.user,
        trampoline: options.user === undefined ? undefined : trampolinePath,
        controllingTerminal: options.controllingTerminal ?? false,
        cgroup: options.cgroup ?? -1,
        parentDeathSignal: (options.endsWithDaemon ?? true) ? constants.signals.SIGKILL : 0,
        captureLimitBytes: options.captureLimitBytes ?? 1024 * 1024,
        captureBudgetBytes: options.captureBudgetBytes ?? 256 * 1024 * 1024,
      },
      (pid, step, errno) => {
        if (step === 0) resolve(new RunningProcess(id, pid, exit.promise));
        else reject(new SpawnFailure(step, errno));
      },
      (code, status, userCpuUs, systemCpuUs, maxRssBytes, step, errno, output) =>
        exit.resolve({
          ...endOf(code, status),
          usage: { userCpuUs, systemCpuUs, maxRssBytes },
          ...(step === 0 ? {} : { failure: new SpawnFailure(step, errno) }),
          ...(output === null ? {} : { output: outputOf(output) }),
        }),
    );
    if (id < 0) reject(new SpawnFailure(SpawnStep.prepare, -id));
  });
  return { started, cancel: () => nativeBinding.cancelStart(id) };
}

// si_code of waitid(2).
const unknown = 0;
const killed = 2;
const dumped = 3;

function endOf(code: number, status: number): Pick<ProcessExit, 'exitCode' | 'signal' | 'coreDumped'> {
  if (code === unknown) return { exitCode: undefined, coreDumped: false };
  if (code !== killed && code !== dumped) return { exitCode: status, coreDumped: false };
  return {
    exitCode: 128 + status,
    signal: { number: status, name: signalName(status) },
    coreDumped: code === dumped,
  };
}

const nothing = Buffer.alloc(0);

function outputOf(native: NativeOutput | null): CapturedOutput {
  const [stdout, stdoutTotal, stdoutOverBudget, stderr, stderrTotal, stderrOverBudget] =
    native ?? ([null, 0, false, null, 0, false] as const);
  return {
    stdout: { bytes: stdout ?? nothing, totalBytes: stdoutTotal, overBudget: stdoutOverBudget },
    stderr: { bytes: stderr ?? nothing, totalBytes: stderrTotal, overBudget: stderrOverBudget },
  };
}

function nativeDescriptor(entry: number | 'capture' | null): number {
  return entry === 'capture' ? -2 : (entry ?? -1);
}

function packed(strings: readonly string[]): string {
  return strings.length === 0 ? '' : `${strings.join('\0')}\0`;
}
