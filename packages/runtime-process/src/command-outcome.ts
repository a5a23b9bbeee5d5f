import { ResourceExhaustedError, type runtime } from '@aurae/proto';
import type { CommandSpec } from './command-spec.js';
import { completeStatus, failedStatus, unstartedStatus } from './exec-status.js';
import { failureMessage } from './failure-message.js';
import type { LiveExecEnd } from './live-exec.js';
import { SpawnFailure } from './spawn-failure.js';

export interface WantedCommand {
  readonly request: runtime.Executable;
  readonly spec: CommandSpec;
  readonly env: ReadonlyMap<string, string>;
  readonly limitBytes: number;
}

/**
 * The answer for a command that has ended, or could not run. Throws `ResourceExhaustedError` when it may run later, and
 * what is no failure of its start.
 */
export async function commandOutcome(
  command: WantedCommand,
  finished: Promise<LiveExecEnd>,
): Promise<runtime.ExecutableStatus> {
  const { request, spec, env, limitBytes } = command;
  let failure: SpawnFailure;
  try {
    const end = await finished;
    if (!end.started) return unstartedStatus(request, spec, end.cause);
    if (!end.exit.failure) return completeStatus({ request, spec, limitBytes, ...end });
    failure = end.exit.failure;
  } catch (error) {
    if (!(error instanceof SpawnFailure)) throw error;
    failure = error;
  }
  if (failure.isShortage) throw shortage(spec, failure);
  return failedStatus(request, failureMessage(spec, env, failure), failure);
}

/** The host is short of something that the command needs. */
export function shortage(spec: CommandSpec, failure: SpawnFailure): ResourceExhaustedError {
  return new ResourceExhaustedError(
    `Cannot run "${spec.label}": the host has no more ${resourceOf(failure.code)} (${failure.code}). Wait for other ` +
      'commands to end, or raise the limit of the daemon',
    { cause: failure },
  );
}

function resourceOf(code: string): string {
  switch (code) {
    case 'EMFILE':
    case 'ENFILE':
      return 'file descriptors for it';
    case 'EAGAIN':
      return 'processes for it';
    default:
      return 'memory for it';
  }
}
