import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** A process to start. Strings of a list are each ended by NUL and joined: one crossing into C for all of them. */
export interface NativeSpawnOptions {
  readonly file: string;
  readonly arguments: string;
  readonly environment: string;
  readonly directory: string;
  /** Entry i becomes descriptor i; -1 is /dev/null; entries 1 and 2 may be -2: captured. */
  readonly stdio: readonly number[];
  readonly user: string | undefined;
  /** Path of aurae-exec; needed with `user`. */
  readonly trampoline: string | undefined;
  /** Descriptor 0 is a terminal, and becomes the controlling one of the new session. */
  readonly controllingTerminal: boolean;
  /** Open directory of the cgroup of version 2 that it is born into; has to stay open until `onStart`. -1 for none. */
  readonly cgroup: number;
  /** Number of the signal that it gets when the daemon dies; 0 for none. */
  readonly parentDeathSignal: number;
  /** For each captured channel. */
  readonly captureLimitBytes: number;
  /** For all live captures of this thread of Node together. */
  readonly captureBudgetBytes: number;
}

/** For stdout, then for stderr: the bytes (null when there are none), how many were written, and "cut by the budget". */
export type NativeOutput = readonly [Buffer | null, number, boolean, Buffer | null, number, boolean];

/** `step` 0: it runs. Else where it failed (`SpawnStep`), with the errno. */
export type OnStart = (pid: number, step: number, errno: number) => void;

/**
 * `code` and `status` as in waitid(2); `step` and `errno` are those of aurae-exec. `output` is null when other
 * processes still hold the pipes or belong to its process group: `finishOutput` hands it over then.
 */
export type OnExit = (
  code: number,
  status: number,
  userCpuUs: number,
  systemCpuUs: number,
  maxRssBytes: number,
  step: number,
  errno: number,
  output: NativeOutput | null,
) => void;

export interface NativeBinding {
  /** The id of the process, or -errno. `onExit` comes only after an `onStart` with step 0. */
  spawn(options: NativeSpawnOptions, onStart: OnStart, onExit: OnExit): number;
  /** 0 or errno; ESRCH when it has ended. Never reaches another process that got the same pid. */
  signalProcess(id: number, signal: number): number;
  /** Whether the start had not begun and never will: then `onStart` comes with ECANCELED, once its turn has come. */
  cancelStart(id: number): boolean;
  /** 0 or errno; ESRCH when the process has been reaped: only until then the group is surely its own. */
  signalGroup(id: number, signal: number): number;
  /** Drains, closes the pipes and hands over; null before the exit and when it was done before. */
  finishOutput(id: number): NativeOutput | null;
  /** Calls back whenever output was captured, until it is called with null or the output was handed over. */
  followOutput(id: number, onOutput: (() => void) | null): void;
  /** A copy of what is kept of channel 0 (stdout) or 1 from there on; null when there is nothing, or no more. */
  capturedOutput(id: number, channel: number, from: number, mostBytes: number): Buffer | null;
  /** Whether the process keeps the event loop alive; it does at first. */
  setReferenced(id: number, referenced: boolean): void;
  /** A descriptor that the caller closes, or -errno. */
  pidfdOpen(pid: number): number;
  /** 0 or errno. */
  pidfdSendSignal(pidfd: number, signal: number): number;
  /** Reader and writer, both blocking and close-on-exec, which the caller closes; or -errno. */
  createPipe(): readonly [number, number] | number;
  /** A file in memory (close-on-exec, at offset 0) that holds the bytes, and that the caller closes; or -errno. */
  memoryFile(bytes: Buffer): number;
  /**
   * Makes the directory with its parents, and in it a new file that is locked and holds the text, by one call on
   * another thread. A descriptor that the caller closes, or -errno.
   */
  createLockedFile(directory: string, path: string, text: string): Promise<number>;
  /** Takes flock(2) of a file, or not. 0 or errno: EWOULDBLOCK when another open file has it. */
  tryLock(descriptor: number): number;
  /** 0 or errno. Of a pipe, the other end stays as it is. */
  makeNonBlocking(descriptor: number): number;
  /** Whether it is one of the last that the limit allows, which are kept for ending what runs. */
  isReservedDescriptor(descriptor: number): boolean;
  /** What of poll(2)'s `POLLIN`, `POLLHUP` and so on holds now; or -errno. */
  pollDescriptor(descriptor: number): number;
  /** Calls back once, when a descriptor can be read or written, or has ended. Id of the wait, or -errno. */
  whenReady(descriptor: number, forWriting: boolean, onReady: (events: number) => void): number;
  /** Ends a wait: it has to be before its descriptor is closed. */
  ignoreReady(id: number): void;
  /** Mends the two sides of a new terminal. A second descriptor of the master, for writing; or -errno. */
  prepareTerminal(master: number, slave: number): number;
  /** The byte that means end of file when it is typed; 0 when none does; or -errno. */
  endOfFileCharacter(terminal: number): number;
}

const buildDirectory = new URL('../build/Release/', import.meta.url);

/** The program through which a process is run as another user. */
export const trampolinePath = fileURLToPath(new URL('aurae-exec', buildDirectory));

export const nativeBinding: NativeBinding = load();

function load(): NativeBinding {
  const path = fileURLToPath(new URL('spawn.node', buildDirectory));
  try {
    return createRequire(import.meta.url)(path) as NativeBinding;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'AURAE_KERNEL') throw cause;
    throw new Error(
      `Cannot load the native part of @aurae/runtime-process from "${path}". Build it with ` +
        '`npm run native -w @aurae/runtime-process`; that needs a C compiler, make and Python ' +
        '(`apt-get install build-essential python3`)',
      { cause },
    );
  }
}
