import { InvalidSpecError } from '@aurae/proto';
import { shownKey, type WorkloadKey } from './workload-key.js';

/** A spec that cannot be right, for one reason. */
export function refusedSpec(key: WorkloadKey, field: string, description: string): InvalidSpecError {
  return new InvalidSpecError(`Cannot enable ${shownKey(key)}: ${description}`, [{ field, description }]);
}

/** The same error with the name of the workload, and what is wrong with each part. Others stay as they are. */
export function inNameOf(key: WorkloadKey, error: unknown): unknown {
  if (!(error instanceof InvalidSpecError)) return error;
  const descriptions = error.violations.map(({ description }) => description).join('; ');
  return new InvalidSpecError(`Cannot enable ${shownKey(key)}: ${descriptions || error.message}`, error.violations);
}
