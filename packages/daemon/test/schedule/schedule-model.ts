import { decideRestart, runtime } from '@aurae/proto';
import type { ScheduleEntry } from '../../src/schedule/store/schedule-store.js';
import { shortagePauseMs } from '../../src/schedule/supervision/shortage.js';
import { AlarmClock, type TimerAlarm, timerAlarm } from '../../src/schedule/timers/index.js';
import type { WorkloadSpec } from '../../src/schedule/workload-key.js';
import type { VirtualClock } from './virtual-clock.js';

export type StartFailure = 'refused' | 'shortage';
type ModelPlan = 'due' | 'pause' | 'timer' | 'done' | 'failed' | 'held';

export interface ModelEntry {
  readonly spec: WorkloadSpec;
  readonly enabled: boolean;
  readonly decidedAtMs: number;
}

interface Named {
  entry: ModelEntry;
  plan: ModelPlan;
  runs: boolean;
  begunAt: number;
  inRow: number;
  shortages: number;
  completed: boolean;
  lastDueMs: number | undefined;
  alarm?: TimerAlarm | undefined;
  cancelPause?: (() => void) | undefined;
}

/**
 * The schedule as a person would tell it: what is enabled, what it waits for, and what runs. Each thing happens at once and
 * whole. Chance is always 0. Timers and policies are tested by themselves, so that theirs are taken here.
 */
export class ScheduleModel {
  readonly names = new Map<string, Named>();
  /** How the next start of a name goes. */
  readonly startFailures = new Map<string, StartFailure>();
  /** Names that somebody else has taken. */
  readonly foreign = new Set<string>();
  private alarms: AlarmClock;

  constructor(private readonly clock: VirtualClock) {
    this.alarms = new AlarmClock(clock);
  }

  get running(): string[] {
    return [...this.names]
      .filter(([, one]) => one.runs)
      .map(([name]) => name)
      .sort();
  }

  get entries(): Map<string, ModelEntry> {
    return new Map([...this.names].map(([name, { entry }]) => [name, entry]));
  }

  /** Why it is refused at once: its order is no order. */
  faultOf(name: string, spec: WorkloadSpec): 'cycle' | 'unknown' | undefined {
    const after = (one: string): string[] => dependencies(one === name ? spec : this.names.get(one)?.entry.spec);
    if (after(name).some((one) => one !== name && !this.names.has(one))) return 'unknown';
    const seen = new Set<string>();
    const reach = (one: string): boolean =>
      after(one).some((next) => next === name || (!seen.has(next) && (seen.add(next), reach(next))));
    return reach(name) ? 'cycle' : undefined;
  }

  /** Whether it is kept. */
  enable(name: string, spec: WorkloadSpec): boolean {
    const before = this.names.get(name);
    const one = this.place(name, { spec, enabled: true, decidedAtMs: this.clock.now() });
    const failure = this.attempt(name, one);
    if (failure === undefined) return true;
    this.quiet(one);
    if (!before) this.names.delete(name);
    else this.putBack(name, before);
    return false;
  }

  /** The same spec again. Whether it runs or waits then. */
  enableAgain(name: string): boolean {
    const one = this.known(name);
    if (one.runs || one.plan === 'due' || one.plan === 'timer') return true;
    this.retry(one);
    const failure = this.attempt(name, one);
    if (failure) this.startFailed(name, one, failure);
    return failure === undefined;
  }

  disable(name: string): void {
    const one = this.known(name);
    if (one.entry.enabled) one.entry = { ...one.entry, enabled: false, decidedAtMs: this.clock.now() };
    this.quiet(one);
    one.runs = false;
    one.plan = 'held';
  }

  destroy(name: string): void {
    const one = this.names.get(name);
    if (one) this.quiet(one);
    this.names.delete(name);
  }

  /** With others: nothing is taken back. */
  put(name: string, entry: ModelEntry): void {
    if (entry.enabled) this.place(name, entry);
    else if (this.names.has(name)) {
      this.known(name).entry = { ...entry, enabled: true };
      this.disable(name);
    } else this.names.set(name, { ...fresh(entry), plan: 'held' });
  }

  ended(name: string, exitCode: number, isByHand: boolean): void {
    const one = this.known(name);
    one.runs = false;
    one.completed = exitCode === 0;
    if (isByHand) one.plan = one.alarm ? 'timer' : 'held';
    else this.follow(name, one, exitCode !== 0, this.clock.monotonic() - one.begunAt);
  }

  /** A daemon begins with what is stored and with what runs. */
  restart(
    stored: readonly ScheduleEntry[],
    runs: (entry: ScheduleEntry) => number | undefined,
    lastDue: (name: string) => number | undefined,
  ): void {
    for (const one of this.names.values()) this.quiet(one);
    this.alarms = new AlarmClock(this.clock);
    this.names.clear();
    for (const entry of stored) {
      const { spec, enabled, decidedAtMs, key } = entry;
      const startedAtMs = runs(entry);
      const one: Named = { ...fresh({ spec, enabled, decidedAtMs }), lastDueMs: lastDue(key.name) };
      this.names.set(key.name, one);
      this.arm(one);
      one.runs = enabled && startedAtMs !== undefined;
      one.begunAt = this.clock.monotonic() - Math.max(0, this.clock.now() - (startedAtMs ?? 0));
    }
  }

  /** Starts whatever is due and has nothing to wait for. */
  settle(): void {
    for (let hasChanged = true; hasChanged; ) {
      hasChanged = false;
      for (const [name, one] of this.names) {
        if (one.runs || !one.entry.enabled || one.plan !== 'due' || !this.mayStart(name, one)) continue;
        hasChanged = true;
        const failure = this.tryStart(name, one);
        if (failure) this.startFailed(name, one, failure);
      }
    }
  }

  isMet(spec: WorkloadSpec): boolean {
    return (spec.value.criteria?.after ?? []).every(({ workload, condition }) => {
      const on = this.names.get(workload?.name ?? '');
      const isCompletion = condition === runtime.DependencyCondition.DEPENDENCY_CONDITION_COMPLETED;
      return isCompletion ? on?.completed === true : on?.runs === true;
    });
  }

  dispose(): void {
    for (const one of this.names.values()) this.quiet(one);
  }

  private mayStart(name: string, one: Named): boolean {
    return !this.foreign.has(name) && this.isMet(one.entry.spec);
  }

  private known(name: string): Named {
    const one = this.names.get(name);
    if (!one) throw new Error(`The model knows no "${name}"`);
    return one;
  }

  private place(name: string, entry: ModelEntry): Named {
    const before = this.names.get(name);
    if (before) this.quiet(before);
    const one = { ...fresh(entry), completed: before?.completed ?? false };
    this.names.set(name, one);
    this.arm(one);
    return one;
  }

  private arm(one: Named): void {
    const { spec, enabled, decidedAtMs } = one.entry;
    const timer = spec.value.criteria?.timer;
    one.plan = !enabled ? 'held' : timer ? 'timer' : 'due';
    if (!enabled || !timer) return;
    const past = one.lastDueMs === undefined ? {} : { lastDueMs: one.lastDueMs };
    one.alarm = timerAlarm(this.alarms, timer, { enabledAtMs: decidedAtMs, ...past }, ({ lastDueMs, start }) => {
      one.lastDueMs = lastDueMs;
      if (start && !one.runs) this.retry(one);
    });
  }

  /** It is as it was; what ran is started again. */
  private putBack(name: string, before: Named): void {
    this.names.set(name, before);
    const { plan, runs } = before;
    before.inRow = 0;
    before.shortages = 0;
    this.arm(before);
    before.runs = false;
    if (!runs && (plan === 'done' || plan === 'failed' || plan === 'held')) before.plan = plan;
  }

  private attempt(name: string, one: Named): StartFailure | undefined {
    return one.plan === 'due' && this.mayStart(name, one) ? this.tryStart(name, one) : undefined;
  }

  private tryStart(name: string, one: Named): StartFailure | undefined {
    const failure = this.startFailures.get(name);
    this.startFailures.delete(name);
    if (failure) return failure;
    one.runs = true;
    one.completed = false;
    one.shortages = 0;
    one.begunAt = this.clock.monotonic();
    return undefined;
  }

  private startFailed(name: string, one: Named, failure: StartFailure): void {
    if (failure === 'refused') this.follow(name, one, true, 0);
    else this.pause(one, shortagePauseMs(one.shortages++, 0));
  }

  private follow(_: string, one: Named, failed: boolean, lastedMs: number): void {
    const decision = decideRestart(one.entry.spec.value.restart, { failed, lastedMs, restartsInRow: one.inRow }, 0);
    one.inRow = decision.kind === 'restart' ? decision.restartsInRow : 0;
    if (decision.kind === 'restart') this.pause(one, decision.pauseMs);
    else if (decision.kind === 'gave-up' || failed) one.plan = 'failed';
    else one.plan = one.alarm ? 'timer' : 'done';
  }

  private pause(one: Named, pauseMs: number): void {
    one.plan = 'pause';
    one.cancelPause = this.clock.after(pauseMs, () => {
      one.cancelPause = undefined;
      one.plan = 'due';
    });
  }

  private retry(one: Named): void {
    one.cancelPause?.();
    one.cancelPause = undefined;
    one.inRow = 0;
    one.shortages = 0;
    one.plan = 'due';
  }

  private quiet(one: Named): void {
    one.cancelPause?.();
    one.cancelPause = undefined;
    one.alarm?.dispose();
    one.alarm = undefined;
  }
}

function fresh(entry: ModelEntry): Named {
  const nothing = { runs: false, begunAt: 0, inRow: 0, shortages: 0, completed: false, lastDueMs: undefined };
  return { entry, plan: 'due', ...nothing };
}

export function dependencies(spec: WorkloadSpec | undefined): string[] {
  return (spec?.value.criteria?.after ?? []).map(({ workload }) => workload?.name ?? '');
}
