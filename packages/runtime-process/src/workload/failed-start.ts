import { ResourceExhaustedError, type runtime } from '@aurae/proto';
import { commandEnvironment } from '../command-environment.js';
import { failedStatus } from '../exec-status.js';
import { failureMessage } from '../failure-message.js';
import { SpawnFailure } from '../spawn-failure.js';
import type { ExecutableSpec } from './executable-spec.js';
import type { RunEnd } from './run-end.js';

/** The answer for a start that did not come to a running program. */
export function failedStartStatus(
  spec: ExecutableSpec,
  request: runtime.Executable,
  failure: SpawnFailure,
): runtime.ExecutableStatus {
  const status = failedStatus(request, sentence(spec, request, failure), failure);
  return { ...status, meta: { name: spec.name, message: status.meta?.message ?? '' } };
}

/** A restart that failed, as the end of a run that never was. */
export function failedStart(spec: ExecutableSpec, request: runtime.Executable, error: unknown): RunEnd {
  const base = { kind: 'failed-start', endedAtMs: Date.now() } as const;
  if (error instanceof SpawnFailure) {
    return { ...base, message: sentence(spec, request, error), code: error.code, step: error.step };
  }
  return { ...base, message: error instanceof Error ? error.message : String(error), code: '', step: 0 };
}

export function startShortage({ name }: ExecutableSpec, failure: SpawnFailure): ResourceExhaustedError {
  return new ResourceExhaustedError(
    `Cannot start "${name}": the host is short of processes, memory or file descriptors (${failure.code}). Stop other ` +
      'executables, or raise the limit of the daemon',
    { cause: failure },
  );
}

function sentence({ command }: ExecutableSpec, request: runtime.Executable, failure: SpawnFailure): string {
  return failureMessage(command, commandEnvironment(request.env, command.user, ''), failure);
}
