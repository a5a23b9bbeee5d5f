import { randomUUID } from 'node:crypto';
import { type backend, callContext, unlessAborted } from '@aurae/proto';
import { runWithLogContext } from '../../logging/log-context.js';
import { workloadText } from '../../logging/workload-text.js';
import { asError, describeError } from '../describe-error.js';
import { markLabels, type ScheduleMark } from '../schedule-mark.js';
import type { RunOutcome, ScheduleEntry, ScheduleProgress } from '../store/schedule-store.js';
import { keyText, type WorkloadKey } from '../workload-key.js';
import type { Plan } from './plan.js';
import { hasFailed, howItEnded, isLiving, outcomeOf } from './run-outcome.js';
import { shortagePauseMs } from './shortage.js';
import { StartPlanner } from './start-planner.js';
import { SupervisedRun } from './supervised-run.js';
import type { SupervisionHost } from './supervision-host.js';
import type { UnmetDependency } from './unmet-dependency.js';
import { Wait } from './wait.js';
import { watchWellBeing } from './well-being.js';
import { WorkloadNotes } from './workload-notes.js';

/** How long the end of a run may take to be told, once its backend has stopped it. */
const endPatienceMs = 10_000;

/** How it stood before another decision, for the case that the other does not last. */
export interface Standing {
  readonly entry: ScheduleEntry;
  readonly progress: ScheduleProgress;
  readonly hasCompleted: boolean;
  /** What was planned, where it was at rest: neither ran nor was about to by itself. */
  readonly restingPlan: Plan | undefined;
}

/**
 * One workload of the schedule: what was decided about it, what is known of it, and the way from the one to the other.
 * Events and decisions change what is known; `reconcile` then starts or stops, one step at a time.
 */
export class ScheduledWorkload {
  readonly text: string;
  run: SupervisedRun | undefined;
  /** What it waited for when it was last looked at; for a person. */
  waitingFor = '';
  /** What the last note of its waiting was about. */
  private notedWait: string | undefined;
  private readonly notes: WorkloadNotes;
  private readonly planner: StartPlanner;
  private readonly stopPause: Wait;
  private failedStops = 0;
  private completedNow = false;
  private isKicked = false;
  private forgotten = false;

  constructor(
    private currentEntry: ScheduleEntry,
    progress: ScheduleProgress,
    private readonly host: SupervisionHost,
  ) {
    this.text = keyText(currentEntry.key);
    this.notes = new WorkloadNotes(currentEntry.key, progress, host.store, host.clock);
    this.planner = new StartPlanner(this, this.notes, host);
    this.stopPause = new Wait(host.clock);
  }

  get key(): WorkloadKey {
    return this.currentEntry.key;
  }

  get entry(): ScheduleEntry {
    return this.currentEntry;
  }

  get progress(): ScheduleProgress {
    return this.notes.progress;
  }

  get plan(): Plan {
    return this.planner.plan;
  }

  /** A run of it has begun and not ended. */
  get isLive(): boolean {
    return this.run !== undefined;
  }

  /** What runs is what was decided on, and is to run on. */
  get isRunning(): boolean {
    const { run, entry } = this;
    return run?.phase === 'running' && run.stopCause === undefined && run.revision === entry.revision && entry.enabled;
  }

  get isReady(): boolean {
    return this.isRunning && this.run?.isReady === true;
  }

  /** Its last run since the start of the daemon has ended with exit code 0. */
  get hasCompleted(): boolean {
    return this.completedNow;
  }

  /** It was destroyed, and is only there until what runs of it has ended. */
  get isForgotten(): boolean {
    return this.forgotten;
  }

  /** Why it is not known what of it runs; undefined when that is known. */
  get unknownBecause(): string | undefined {
    return this.host.watchOf(this.key.kind).unknownBecause;
  }

  /** When its timer is due next, Unix milliseconds. */
  get nextDueMs(): number | undefined {
    return this.planner.nextDueMs;
  }

  get standing(): Standing {
    const { entry, progress, plan, hasCompleted, run } = this;
    const isAtRest = !run && (plan.kind === 'done' || plan.kind === 'failed' || plan.kind === 'held');
    return { entry, progress, hasCompleted, restingPlan: isAtRest ? plan : undefined };
  }

  /** Begins to follow what was decided. `why`: for a person, what its first start is for. */
  arm(why: string): void {
    this.stopPause.cancel();
    this.waitingFor = '';
    this.planner.arm(why);
  }

  /** Another decision holds from now on. */
  become(entry: ScheduleEntry, why: string): void {
    const isNews = entry.revision !== this.entry.revision;
    this.currentEntry = entry;
    this.forgotten = false;
    if (isNews) this.notes.beginAnew();
    this.arm(why);
    this.host.onProgress(this);
  }

  /** The decision since then is as if it had never been. What it has stopped is started again. */
  return({ entry, progress, restingPlan, hasCompleted }: Standing, why: string): void {
    this.currentEntry = entry;
    this.notes.return(progress);
    this.arm(why);
    if (restingPlan) {
      this.planner.rest(restingPlan);
      this.completedNow = hasCompleted;
    }
    this.host.onProgress(this);
  }

  /** It is no longer scheduled. */
  forget(): void {
    this.forgotten = true;
    this.notes.close();
    this.stopPause.cancel();
    this.planner.disarm();
    this.host.onProgress(this);
  }

  /** An attempt again of what is enabled and does not run. */
  retry(why: string): void {
    this.planner.retry(why);
  }

  /** Stopped by hand while it did not run. */
  hold(): void {
    this.planner.hold();
  }

  /** Takes on a run that was there before. */
  adopt(mark: ScheduleMark, event: backend.WorkloadEvent): void {
    const { clock } = this.host;
    const lastedMs = Math.max(0, clock.now() - Number(event.startedAtMs));
    const run = new SupervisedRun(mark.run, mark.revision, clock.monotonic() - lastedMs);
    this.run = run;
    this.nowRuns(run, event.proc?.pid ?? 0, Number(event.startedAtMs), 'adopted');
  }

  onRunEvent(event: backend.WorkloadEvent): void {
    const { run } = this;
    if (!run) return;
    if (isLiving(event)) this.nowRuns(run, event.proc?.pid ?? 0, Number(event.startedAtMs), 'started');
    else this.hasEnded(run, event);
  }

  /** One of its runs has ended, which it may know or not: while nobody looked. */
  onPastRun(mark: ScheduleMark, event: backend.WorkloadEvent): void {
    const { lastRun } = this.progress;
    if (this.run || this.forgotten || lastRun === mark.run || mark.revision !== this.entry.revision) return;
    const outcome = outcomeOf(event, this.host.clock.now());
    this.notes.keep({ lastOutcome: outcome, lastRun: mark.run });
    this.notes.add('ended', `${howItEnded(outcome)}, while the daemon was down`, event.proc?.pid);
  }

  /** Its run is not there any more, and nobody can tell how it ended. */
  onRunLost(): void {
    if (this.run && this.run.phase !== 'starting') this.hasEnded(this.run, undefined);
  }

  /** Sees to it that it is looked at. */
  kick(): void {
    if (this.isKicked || this.host.shutdown.aborted || this.host.defersKick(this)) return;
    this.isKicked = true;
    const work = this.host.turns.run(this.text, () => {
      this.isKicked = false;
      return runWithLogContext({ workload: workloadText(this.key) }, () => this.reconcile());
    });
    work.catch((error: unknown) => {
      this.host.log.error('Cannot bring a scheduled workload to what was decided', {
        workload: workloadText(this.key),
        error,
      });
    });
  }

  /** The same, unless nothing is to be done as things are. */
  kickIfNeeded(): void {
    if (this.run === undefined || this.run.phase === 'running') {
      if (this.nextStep() !== 'rest') this.kick();
    }
  }

  /** Does what is to be done now. Only in a turn of this workload. */
  async reconcile(): Promise<void> {
    for (;;) {
      const { entry } = this;
      const step = this.nextStep();
      if (step === 'rest') break;
      const failure = await (step === 'stop' ? this.stopRun() : this.host.startSlots.run(() => this.startIfStillDue()));
      // Of a decision that holds no more: that says nothing about the next.
      if (failure === undefined || this.entry !== entry) continue;
      if (step === 'stop') this.pauseStop(failure);
      else this.afterFailedStart(failure);
    }
    if (this.forgotten && !this.run) this.host.letGo(this);
  }

  /**
   * The same for somebody who waits for the result. Answers with why a stop or the start has failed, and takes no further
   * step then. Only in a turn of this workload.
   */
  async attempt(signal: AbortSignal): Promise<Error | undefined> {
    this.stopPause.cancel();
    for (;;) {
      const step = this.nextStep();
      if (step === 'rest') return undefined;
      const failure = await (step === 'stop' ? this.stopRun() : this.startRun(signal));
      if (failure !== undefined) return failure;
    }
  }

  /** Lets go of it; what runs of it runs on. */
  dispose(): void {
    this.stopPause.cancel();
    this.planner.disarm();
    this.run?.end();
  }

  private nextStep(): 'rest' | 'start' | 'stop' {
    const { host, run, entry } = this;
    const watch = host.watchOf(this.key.kind);
    if (host.shutdown.aborted || watch.unknownBecause !== undefined) return 'rest';
    const isWanted = entry.enabled && !this.forgotten;
    if (run) {
      if (!isWanted) run.stopCause ??= { kind: 'not-wanted' };
      else if (run.revision !== entry.revision) run.stopCause ??= { kind: 'replaced' };
      return run.stopCause && !this.stopPause.isOn ? 'stop' : 'rest';
    }
    if (!isWanted || this.plan.kind !== 'due') return 'rest';
    return this.isBlocked() ? 'rest' : 'start';
  }

  private isBlocked(): boolean {
    const isTaken = this.host.watchOf(this.key.kind).living.has(this.key.name);
    const unmet = this.host.unmetDependencies(this);
    this.waitingFor = isTaken ? 'one of that name to end, which was started without the schedule' : listed(unmet);
    // Once for each that it waits for: they may come and go.
    const first = isTaken ? this.text : unmet[0] && keyText(unmet[0].key);
    if (first !== undefined && first !== this.notedWait) this.notes.add('waiting', `waits for ${this.waitingFor}`);
    this.notedWait = first;
    return first !== undefined;
  }

  /** What it was for may be over by the time that it has a slot. */
  private async startIfStillDue(): Promise<Error | undefined> {
    return this.nextStep() === 'start' ? await this.startRun(this.host.shutdown) : undefined;
  }

  private async startRun(signal: AbortSignal): Promise<Error | undefined> {
    const { host, entry, key } = this;
    const run = new SupervisedRun(randomUUID(), entry.revision, host.clock.monotonic());
    this.run = run;
    const labels = markLabels({ store: host.store.id, revision: entry.revision, run: run.id });
    try {
      const started = await host.driverOf(key.kind).start(callContext({ signal }), entry.spec, labels);
      if (this.run === run) this.nowRuns(run, started.pid, started.startedAtMs, 'started');
      return undefined;
    } catch (error) {
      // Unless an event has told that it runs after all.
      if (this.run !== run || run.phase !== 'starting') return undefined;
      this.run = undefined;
      run.end();
      // Or that another does, of a start before, whose answer was lost.
      if (host.adoptLiving(this)) return undefined;
      return asError(error);
    }
  }

  private nowRuns(run: SupervisedRun, pid: number, startedAtMs: number, type: 'started' | 'adopted'): void {
    if (pid !== 0) run.pid = pid;
    if (run.phase === 'running') return;
    const { host, plan } = this;
    run.phase = 'running';
    run.startedAtMs = startedAtMs || host.clock.now();
    const why = plan.kind === 'due' ? plan.why : 'started';
    const hasWaited = this.waitingFor !== '';
    this.planner.started();
    this.failedStops = 0;
    this.waitingFor = '';
    this.notedWait = undefined;
    this.completedNow = false;
    if (type === 'started' && plan.kind === 'due' && plan.isRestart)
      this.notes.keep({ restarts: this.progress.restarts + 1 });
    if (type === 'started') this.notes.add('started', hasWaited ? `${why}; nothing is left to wait for` : why, run.pid);
    else this.notes.add('adopted', 'found running at the start of the daemon', run.pid);
    watchWellBeing(this, run, this.host);
    host.onProgress(this);
    if (run.revision !== this.entry.revision) this.kick();
  }

  /** Its readiness probe has passed, or it has none. */
  becomeReady(run: SupervisedRun, isNews: boolean): void {
    if (this.run !== run) return;
    run.isReady = true;
    run.notReadyBecause = '';
    if (isNews) {
      this.notes.add('ready', 'its readiness probe has passed', run.pid);
      this.notes.keep({ readyRun: run.id });
    }
    this.host.onProgress(this);
  }

  /** It is to be ended and to count as failed. */
  becomeUnwell(run: SupervisedRun, reason: string): void {
    if (this.run !== run || run.stopCause) return;
    run.stopCause = { kind: 'unwell', reason };
    this.notes.add('unwell', reason, run.pid);
    this.host.onProgress(this);
    this.kick();
  }

  private async stopRun(): Promise<Error | undefined> {
    const { run, host } = this;
    if (!run) return undefined;
    run.notReadyBecause = '';
    try {
      await host.driverOf(this.key.kind).stop(callContext({ signal: host.shutdown }), this.key);
    } catch (error) {
      return this.run === run ? asError(error) : undefined;
    }
    await this.endIsTold(run);
    return undefined;
  }

  /** The event of the end may be on its way. */
  private async endIsTold(run: SupervisedRun): Promise<void> {
    const { clock, shutdown } = this.host;
    const patience = new AbortController();
    const cancel = clock.after(endPatienceMs, () => patience.abort());
    const signal = AbortSignal.any([patience.signal, shutdown]);
    await unlessAborted(run.gone, signal).catch(() => undefined);
    cancel();
    if (this.run === run && !shutdown.aborted) this.hasEnded(run, undefined);
  }

  private hasEnded(run: SupervisedRun, event: backend.WorkloadEvent | undefined): void {
    const { host } = this;
    const told = outcomeOf(event, host.clock.now());
    const outcome = run.stopCause ? { ...told, stopped: true } : told;
    const isFirstNews = run.phase === 'starting';
    if (isFirstNews) this.nowRuns(run, event?.proc?.pid ?? 0, Number(event?.startedAtMs ?? 0n), 'started');
    this.run = undefined;
    run.end();
    this.completedNow = !hasFailed(outcome) && run.stopCause === undefined;
    this.notes.keep({ lastOutcome: outcome, lastRun: run.id });
    this.notes.add('ended', endNote(run, outcome), run.pid);
    this.planAfter(run, outcome, event?.stopped ?? false);
    host.onProgress(this);
    this.kick();
  }

  private planAfter(run: SupervisedRun, outcome: RunOutcome, wasStopped: boolean): void {
    const { stopCause } = run;
    if (!this.entry.enabled || this.forgotten || run.revision !== this.entry.revision) return;
    if (stopCause?.kind === 'replaced' || stopCause?.kind === 'not-wanted') {
      // It was enabled again while it ended.
      this.planner.arm('started again after its stop');
    } else if (wasStopped && stopCause === undefined) {
      this.planner.hold();
    } else {
      const how = stopCause?.kind === 'unwell' ? `was ended: ${stopCause.reason}` : howItEnded(outcome);
      const failed = stopCause !== undefined || hasFailed(outcome);
      this.planner.followEnd({ how, failed, lastedMs: this.host.clock.monotonic() - run.begunAt });
    }
  }

  /** A start has failed. What follows is for the policy to say. */
  afterFailedStart(error: Error): void {
    const { log, shutdown } = this.host;
    if (shutdown.aborted) return;
    log.warn('Cannot start a scheduled workload', { workload: workloadText(this.key), reason: describeError(error) });
    this.planner.followFailedStart(error);
  }

  /** Tries to stop it again, later. */
  pauseStop(error: Error): void {
    const { log, shutdown, random } = this.host;
    if (shutdown.aborted) return;
    const reason = describeError(error);
    log.warn('Cannot stop a scheduled workload yet', { workload: workloadText(this.key), reason });
    this.notes.add('stop-failed', reason);
    this.stopPause.begin(shortagePauseMs(this.failedStops++, random()), () => this.kick());
  }
}

/** The first few of what it waits for. */
function listed(unmet: readonly UnmetDependency[]): string {
  const reasons = unmet.slice(0, mostListed).map(({ reason }) => reason);
  const more = unmet.length - reasons.length;
  return more === 0 ? reasons.join('; ') : `${reasons.join('; ')}; and ${more} more`;
}

const mostListed = 3;

function endNote(run: SupervisedRun, outcome: RunOutcome): string {
  const how = howItEnded(outcome);
  switch (run.stopCause?.kind) {
    case 'not-wanted':
      return `stopped, since it is no longer enabled; it ${how}`;
    case 'replaced':
      return `stopped, since its spec has changed; it ${how}`;
    case 'unwell':
      return `stopped, since it was unwell; it ${how}`;
    default:
      return how;
  }
}
