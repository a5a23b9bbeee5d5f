import { getSystemErrorName } from 'node:util';

/** Where a start failed. The numbers are those of native/spawn.h. */
export const SpawnStep = {
  prepare: 1,
  clone: 2,
  session: 3,
  stdio: 4,
  descriptors: 5,
  limits: 6,
  parentDeath: 7,
  directory: 8,
  exec: 9,
  user: 10,
  credentials: 11,
  trampoline: 12,
  settings: 13,
  cgroup: 14,
  log: 15,
  socket: 16,
  terminal: 17,
  files: 18,
  resourceLimit: 19,
  /** Of this side: the shim itself failed. */
  shim: 100,
} as const;

/** A program that could not be run. */
export class SpawnFailure extends Error {
  override readonly name = 'SpawnFailure';
  /** One of `SpawnStep`. */
  readonly step: number;
  /** Name of the errno, e.g. `ENOENT`. */
  readonly code: string;
  /** A path or a sentence that tells more; mostly empty. */
  readonly detail: string;

  constructor(step: number, errno: number, detail = '') {
    const code = errno === 0 ? 'EUNKNOWN' : getSystemErrorName(-errno);
    super(`starting a process failed at step ${step}: ${code}${detail === '' ? '' : ` (${detail})`}`);
    this.step = step;
    this.code = code;
    this.detail = detail;
  }

  /** The host is short of something; the same start may work later. */
  get isShortage(): boolean {
    const early = this.step === SpawnStep.prepare || this.step === SpawnStep.clone || this.step === SpawnStep.stdio;
    return early && ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM'].includes(this.code);
  }
}
