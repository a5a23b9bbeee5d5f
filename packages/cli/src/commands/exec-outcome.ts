import { meta, runtime } from '@aurae/proto';
import { formatDuration } from '../values/duration.js';
import { execExitCodes, exitCodeOfSignal } from '../exit-codes.js';
import { escapeControlCharacters } from '../output/escape-control-characters.js';

/** What `aurae exec` ends with, and what it has to tell besides the command's own output. */
export interface ExecOutcome {
  readonly exitCode: number;
  readonly notes: readonly string[];
}

export function execOutcome(status: runtime.ExecutableStatus, { timeout }: { readonly timeout?: number }): ExecOutcome {
  const message = escapeControlCharacters(status.meta?.message ?? '');
  if (status.status === meta.Status.STATUS_ERROR) {
    return { exitCode: exitCodeOfError(status), notes: [message || 'the command could not run'] };
  }
  if (status.termination === runtime.Termination.TERMINATION_TIMEOUT) {
    const limit = timeout === undefined ? 'its time limit' : spanOf(timeout);
    return { exitCode: execExitCodes.timedOut, notes: [`the command was ended after ${limit} (--timeout)`] };
  }
  const isShutdown = status.termination === runtime.Termination.TERMINATION_SHUTDOWN;
  const notes = isShutdown ? ['auraed shut down and ended the command'] : [];
  if (/^\d{1,3}$/.test(status.exitCode)) return { exitCode: Number(status.exitCode), notes };
  if (status.signal > 0) return { exitCode: exitCodeOfSignal(status.signal), notes };
  const unknown = `auraed does not know how the command ended${message && `: ${message}`}`;
  return { exitCode: execExitCodes.ownFailure, notes: [...notes, unknown] };
}

/** What auraed tells of an end that is told by nothing else: processes that the command left behind were ended. */
export function noteOfEnd({ meta: about, status, termination, signal }: runtime.ExecutableStatus): string[] {
  const isPlain = termination === runtime.Termination.TERMINATION_NONE && signal === 0;
  if (status !== meta.Status.STATUS_COMPLETE || !isPlain || !about?.message) return [];
  return [`note: ${escapeControlCharacters(about.message)}`];
}

/** The convention of env(1) and timeout(1), for the program alone: a missing directory is a failure of one's own. */
function exitCodeOfError({ errorCode, failedStep }: runtime.ExecutableStatus): number {
  if (failedStep !== runtime.StartStep.START_STEP_PROGRAM) return execExitCodes.ownFailure;
  if (errorCode === 'ENOENT') return execExitCodes.notFound;
  return errorCode === 'EACCES' || errorCode === 'ENOEXEC' ? execExitCodes.cannotExecute : execExitCodes.ownFailure;
}

function spanOf(ms: number): string {
  return ms % 1000 === 0 ? formatDuration(ms) : `${ms}ms`;
}
