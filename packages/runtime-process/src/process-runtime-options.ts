import type { Graces } from './live-exec.js';

export interface ProcessRuntimeOptions {
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
}

export type CompleteProcessRuntimeOptions = Required<ProcessRuntimeOptions> & Graces;

export const defaultProcessRuntimeOptions: CompleteProcessRuntimeOptions = {
  outputLimitBytes: 1024 * 1024,
  outputBudgetBytes: 256 * 1024 * 1024,
  killGraceMs: 5000,
  leftBehindGraceMs: 1000,
  maxLiveExecs: 4096,
};
