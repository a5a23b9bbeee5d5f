import type { BackendLog, WorkloadLogKeeper } from '@aurae/proto';
import type { Graces } from './live-exec.js';

export interface ProcessRuntimeOptions {
  /**
   * Where started executables are kept: what was asked for, their logs, how they ended. Absolute; made, mode 0700, if it
   * is absent. One runtime at a time may use it. Without it commands can be run, and nothing can be started.
   */
  readonly stateDir?: string;
  /** Where the shims of executables listen. Absolute, at most 85 bytes. Default: `sockets` in `stateDir`. */
  readonly runDir?: string;
  /** Gets what an operator should know. Default: nobody does. */
  readonly log?: BackendLog;
  /** Keeps the logs of executables within bounds. Default: nobody does, and `logSegments` bounds them. */
  readonly logs?: WorkloadLogKeeper;
  /** How much of each output channel is kept, in bytes. Default 1 MiB; 0 to 1.5 MiB, for gRPC's 4 MB messages. */
  readonly outputLimitBytes?: number;
  /** How much the output of all live commands may take. Beyond it output is cut early. Default 256 MiB. */
  readonly outputBudgetBytes?: number;
  /** From TERM to KILL. Default 5000 ms. */
  readonly killGraceMs?: number;
  /** The same for background processes that a finished command left behind. Default 1000 ms. */
  readonly leftBehindGraceMs?: number;
  /** How many commands may run at a time. Default 4096. */
  readonly maxLiveExecs?: number;
  /**
   * How many executables may live at a time. Default 16384. Each takes one descriptor of this program and two processes of
   * the host: see RLIMIT_NOFILE and `kernel.pid_max`.
   */
  readonly maxExecutables?: number;
  /** How many that have ended are remembered, with their logs; the oldest are forgotten first. Default 1000. */
  readonly maxEndedExecutables?: number;
  /** When the log of an executable begins a new file. Default 10 MiB. */
  readonly logSegmentBytes?: number;
  /** How many such files are kept of each, but for those that `logs` has taken over. Default 5. */
  readonly logSegments?: number;
  /** The cgroup that holds those of all executables, from the root of each hierarchy. Default `aurae`. */
  readonly cgroupParent?: string;
}

/** What has no default. */
type HostOption = 'stateDir' | 'runDir' | 'log' | 'logs';

/** With the defaults in place of what is absent, but for what has none. */
export type CompleteProcessRuntimeOptions = Required<Omit<ProcessRuntimeOptions, HostOption>> &
  Pick<ProcessRuntimeOptions, HostOption> &
  Graces;

export const defaultProcessRuntimeOptions: CompleteProcessRuntimeOptions = {
  outputLimitBytes: 1024 * 1024,
  outputBudgetBytes: 256 * 1024 * 1024,
  killGraceMs: 5000,
  leftBehindGraceMs: 1000,
  maxLiveExecs: 4096,
  maxExecutables: 16_384,
  maxEndedExecutables: 1000,
  logSegmentBytes: 10 * 1024 * 1024,
  logSegments: 5,
  cgroupParent: 'aurae',
};
