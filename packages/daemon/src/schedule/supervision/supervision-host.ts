import type { meta } from '@aurae/proto';
import type { Logger } from '../../logging/logger.js';
import type { WorkloadDriver } from '../drivers/workload-driver.js';
import type { KeyedTurns } from '../keyed-turns.js';
import type { ScheduleClock } from '../schedule-clock.js';
import type { Slots } from '../slots.js';
import type { ScheduleStore } from '../store/schedule-store.js';
import type { AlarmClock } from '../timers/alarm-clock.js';
import type { KindWatch } from './kind-watch.js';
import type { ScheduledWorkload } from './scheduled-workload.js';
import type { UnmetDependency } from './unmet-dependency.js';

/** What a scheduled workload needs of those around it. */
export interface SupervisionHost {
  readonly clock: ScheduleClock;
  readonly alarms: AlarmClock;
  readonly store: ScheduleStore;
  readonly log: Logger;
  /** By key: everything that is done to one workload is done in its turns. */
  readonly turns: KeyedTurns;
  /** For starts that nobody waits for. */
  readonly startSlots: Slots;
  /** Aborts when the daemon shuts down: from then on nothing is started or stopped. */
  readonly shutdown: AbortSignal;
  random(): number;
  driverOf(kind: meta.WorkloadKind): WorkloadDriver;
  watchOf(kind: meta.WorkloadKind): KindWatch;
  unmetDependencies(workload: ScheduledWorkload): UnmetDependency[];
  /** Has it take on what runs by its name and was started by this schedule. Answers with whether there was such a run. */
  adoptLiving(workload: ScheduledWorkload): boolean;
  /** It was destroyed, and nothing of it runs any more. */
  letGo(workload: ScheduledWorkload): void;
  /** Whether it is to be looked at only later, together with others that change. */
  defersKick(workload: ScheduledWorkload): boolean;
  /** It runs, is ready or has ended: what others may wait for. */
  onProgress(workload: ScheduledWorkload): void;
}
