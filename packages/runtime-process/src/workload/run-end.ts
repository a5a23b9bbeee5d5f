import { signalName } from '../signal-names.js';
import type { ProcessIdentity } from '../process-identity.js';
import type { ShimExit } from '../shim/shim-state.js';

/** How a run ended. */
export type RunEnd = KnownEnd | UnknownEnd | FailedStart;

/** Its shim has told. */
export interface KnownEnd {
  readonly kind: 'known';
  readonly endedAtMs: number;
  readonly exit: ShimExit;
}

/** Its shim was killed, or the machine went down. */
export interface UnknownEnd {
  readonly kind: 'unknown';
  /** When that was noticed. */
  readonly endedAtMs: number;
  readonly startedAtMs: number;
  /** Undefined where not even that is known. */
  readonly main: ProcessIdentity | undefined;
  readonly reason: string;
}

/** A restart that did not come to a running program. */
export interface FailedStart {
  readonly kind: 'failed-start';
  readonly endedAtMs: number;
  readonly message: string;
  readonly code: string;
  readonly step: number;
}

export function hasFailed(end: RunEnd): boolean {
  return end.kind !== 'known' || end.exit.code !== 0;
}

/** It was ended by a stop: its policy does not start it again. */
export function wasStopped(end: RunEnd): boolean {
  return end.kind === 'known' && end.exit.stopped;
}

export function lastedMs(end: RunEnd): number {
  if (end.kind === 'failed-start') return 0;
  const startedAtMs = end.kind === 'known' ? end.exit.startedAtMs : end.startedAtMs;
  return Math.max(0, end.endedAtMs - startedAtMs);
}

/** A sentence for a person. */
export function describeEnd(end: RunEnd): string {
  switch (end.kind) {
    case 'unknown':
      return end.reason;
    case 'failed-start':
      return end.message;
    case 'known':
      return describeExit(end.exit);
  }
}

function describeExit({ code, signal, coreDumped, oomKilled, stopped, logLost }: ShimExit): string {
  return [
    oomKilled ? 'The kernel ended it, or a process of it, because its memory limit was reached.' : '',
    signal > 0 ? `Ended by ${signalName(signal)}${coreDumped ? ' (core dumped)' : ''}.` : '',
    signal === 0 && code !== 0 ? `Exited with code ${code}.` : '',
    stopped ? 'It was stopped.' : '',
    logLost > 0 ? `${logLost} records of its log were lost.` : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
