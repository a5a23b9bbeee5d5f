import { describeError } from '../describe-error.js';
import { criteriaOf } from '../spec-parts.js';
import type { ScheduleEntry } from '../store/schedule-store.js';
import { type TimerAlarm, timerAlarm, type TimerDue } from '../timers/index.js';
import { formatDuration } from './format-duration.js';
import { type EndedRun, type Plan, planAfterEnd } from './plan.js';
import { isPassing, shortagePauseMs } from './shortage.js';
import type { SupervisionHost } from './supervision-host.js';
import { Wait } from './wait.js';
import type { WorkloadNotes } from './workload-notes.js';

/** Whose starts are planned. */
export interface PlannedWorkload {
  readonly entry: ScheduleEntry;
  readonly isLive: boolean;
  /** It may be due. */
  kick(): void;
}

type PausedPlan = Extract<Plan, { readonly kind: 'pause' }>;

const downUntil = 'it is enabled again or the daemon starts anew';

/** Plans the starts of one workload: by its timer, its restart policy, and what the node is short of. */
export class StartPlanner {
  plan: Plan = { kind: 'held' };
  private restartsInRow = 0;
  /** Starts that failed in a row for want of something on the node. */
  private shortages = 0;
  private alarm: TimerAlarm | undefined;
  private readonly pause: Wait;

  constructor(
    private readonly workload: PlannedWorkload,
    private readonly notes: WorkloadNotes,
    private readonly host: SupervisionHost,
  ) {
    this.pause = new Wait(host.clock);
  }

  /** When its timer is due next, Unix milliseconds. */
  get nextDueMs(): number | undefined {
    return this.alarm?.nextDueMs;
  }

  /** Begins anew with what was decided. `why`: for a person, what the first start is for. */
  arm(why: string): void {
    this.disarm();
    const { entry } = this.workload;
    const { timer } = criteriaOf(entry.spec);
    if (!entry.enabled) return;
    if (!timer) {
      this.retry(why);
      return;
    }
    this.plan = { kind: 'timer' };
    const { lastDueMs } = this.notes.progress;
    const past = { enabledAtMs: entry.decidedAtMs, ...(lastDueMs === undefined ? {} : { lastDueMs }) };
    this.alarm = timerAlarm(this.host.alarms, timer, past, (due) => this.timerIsDue(due));
  }

  /** Nothing is to start. */
  disarm(): void {
    this.pause.cancel();
    this.alarm?.dispose();
    this.alarm = undefined;
    this.restartsInRow = 0;
    this.shortages = 0;
    this.plan = { kind: 'held' };
  }

  /** An attempt again, now. */
  retry(why: string): void {
    this.pause.cancel();
    this.restartsInRow = 0;
    this.shortages = 0;
    this.plan = { kind: 'due', why, isRestart: false };
  }

  /** It stays down, for the reason that it had before. */
  rest(plan: Plan): void {
    this.pause.cancel();
    this.plan = plan;
  }

  /** It runs: nothing is planned before it has ended. */
  started(): void {
    const { plan } = this;
    this.pause.cancel();
    if (plan.kind === 'pause') this.plan = { kind: 'due', why: plan.why, isRestart: plan.isRestart };
    this.shortages = 0;
  }

  /** It was stopped by hand. */
  hold(): void {
    this.pause.cancel();
    this.plan = { kind: this.alarm ? 'timer' : 'held' };
    this.notes.add('stopped', `stopped by hand; it stays down until ${this.alarm ? 'its timer comes due' : downUntil}`);
  }

  /** What the restart policy says of the end of a run. */
  followEnd(end: EndedRun): void {
    const { plan, restartsInRow } = planAfterEnd(end, {
      policy: this.workload.entry.spec.value.restart,
      restartsInRow: this.restartsInRow,
      hasTimer: this.alarm !== undefined,
      random: this.host.random(),
    });
    this.restartsInRow = restartsInRow;
    if (plan.kind === 'planned-pause') {
      this.notes.add('restarting', `${plan.why}; next start in ${formatDuration(plan.pauseMs)}`);
      this.beginPause(plan.pauseMs, { why: plan.why, isRestart: true, message: plan.why });
      return;
    }
    this.plan = plan;
    if (plan.kind !== 'failed') return;
    const until = this.alarm ? 'it stays down until its timer comes due' : 'it stays down';
    this.notes.add('gave-up', `${until}: ${plan.reason}`);
  }

  /** The node may have more to offer later; for the rest there is the restart policy. */
  followFailedStart(error: Error): void {
    const reason = describeError(error);
    this.notes.add('start-failed', reason);
    if (!isPassing(error)) {
      this.followEnd({ failed: true, lastedMs: 0, how: `could not be started: ${reason}` });
      return;
    }
    const { plan } = this;
    const [why, isRestart] = plan.kind === 'due' ? [plan.why, plan.isRestart] : ['started', false];
    const message = `could not be started: ${reason}`;
    this.beginPause(shortagePauseMs(this.shortages++, this.host.random()), { why, isRestart, message });
  }

  private beginPause(pauseMs: number, { why, isRestart, message }: Omit<PausedPlan, 'kind' | 'nextStartAtMs'>): void {
    this.plan = { kind: 'pause', why, isRestart, message, nextStartAtMs: this.host.clock.now() + pauseMs };
    this.pause.begin(pauseMs, () => {
      this.plan = { kind: 'due', why, isRestart };
      this.workload.kick();
    });
  }

  private timerIsDue({ lastDueMs, missedCount, start }: TimerDue): void {
    this.notes.keep({ lastDueMs });
    if (missedCount > 0) this.notes.add('missed', missedNote(missedCount, start));
    if (!start) return;
    if (this.workload.isLive) {
      this.notes.add('missed', 'its timer came due, and the run before goes on still');
      return;
    }
    this.retry('its timer came due');
    this.workload.kick();
  }
}

function missedNote(count: number, start: boolean): string {
  const starts = count === 1 ? 'a start' : `${count} starts`;
  return `${starts} came due while nobody could make them, and ${start ? 'one is made now' : 'they are left out'}`;
}
