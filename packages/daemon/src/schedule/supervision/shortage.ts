import { isAuraeError } from '@aurae/proto';
import { backoffMs } from '@aurae/observe-logs';

/** Reasons that lie in the node and not in the workload: it is tried again, whatever its policy. */
const passingReasons = new Set([
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'ALREADY_EXISTS',
  'SHUTTING_DOWN',
]);

export function isPassing(error: Error): boolean {
  return isAuraeError(error) && passingReasons.has(error.reason);
}

/** The pause before the next try, after so many. */
export function shortagePauseMs(triesBefore: number, random: number): number {
  return Math.round(backoffMs(triesBefore + 1, 200, 60_000, random));
}
