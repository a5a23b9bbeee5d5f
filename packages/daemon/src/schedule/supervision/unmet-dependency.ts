import { runtime } from '@aurae/proto';
import type { DependencyOn } from '../spec-parts.js';
import { shownKey, type WorkloadKey } from '../workload-key.js';
import type { ScheduledWorkload } from './scheduled-workload.js';

/** Something that a workload waits for. */
export interface UnmetDependency {
  readonly key: WorkloadKey;
  /** For a person: `"db", which is not ready yet`. */
  readonly reason: string;
}

/** What of a dependency is not there yet; undefined when it is met. */
export function unmetDependency(
  { key, condition }: DependencyOn,
  workload: ScheduledWorkload | undefined,
): UnmetDependency | undefined {
  const unmet = (why: string): UnmetDependency => ({ key, reason: `${shownKey(key)}, which ${why}` });
  if (!workload) return unmet('is not scheduled');
  if (condition === runtime.DependencyCondition.DEPENDENCY_CONDITION_COMPLETED) {
    if (workload.hasCompleted) return undefined;
    if (!workload.entry.enabled) return unmet('is disabled');
    const { plan } = workload;
    return unmet(plan.kind === 'failed' ? `has failed: ${plan.reason}` : 'has not ended with exit code 0 yet');
  }
  if (!workload.isRunning) return unmet(workload.entry.enabled ? 'does not run' : 'is disabled');
  const mustBeReady = condition === runtime.DependencyCondition.DEPENDENCY_CONDITION_READY;
  return mustBeReady && !workload.isReady ? unmet('is not ready yet') : undefined;
}
