import type { meta } from '@aurae/proto';
import { statusOf } from '../schedule/supervision/describe-workload.js';
import type { ScheduleEngine } from '../schedule/schedule-engine.js';
import type { WorkloadKey } from '../schedule/workload-key.js';

/** A scheduled workload, as much as metrics tell of it. */
export interface ScheduledState {
  readonly key: WorkloadKey;
  readonly status: meta.Status;
  readonly restarts: number;
}

export function scheduledStates({ supervisor }: Pick<ScheduleEngine, 'supervisor'>): ScheduledState[] {
  return supervisor.all().map((workload) => ({
    key: workload.key,
    status: statusOf(workload),
    restarts: workload.progress.restarts,
  }));
}
