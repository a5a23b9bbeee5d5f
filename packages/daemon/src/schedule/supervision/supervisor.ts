import { type backend, callContext, type meta } from '@aurae/proto';
import type { Logger } from '../../logging/logger.js';
import { workloadText } from '../../logging/workload-text.js';
import type { WorkloadDriver } from '../drivers/workload-driver.js';
import { KeyedTurns } from '../keyed-turns.js';
import type { ScheduleClock } from '../schedule-clock.js';
import { markOf, type ScheduleMark } from '../schedule-mark.js';
import { Slots } from '../slots.js';
import { dependenciesOf } from '../spec-parts.js';
import type { ScheduleEntry, ScheduleStore } from '../store/schedule-store.js';
import { AlarmClock } from '../timers/index.js';
import { keyText, type WorkloadKey } from '../workload-key.js';
import { KindWatch } from './kind-watch.js';
import { isLiving } from './run-outcome.js';
import { shortagePauseMs } from './shortage.js';
import type { ScheduledWorkload, Standing } from './scheduled-workload.js';
import type { SupervisionHost } from './supervision-host.js';
import { type UnmetDependency, unmetDependency } from './unmet-dependency.js';
import { Wait } from './wait.js';

/** Starts that go on at once where nobody waits for them: more only take turns at the processors. */
const startsAtOnce = 16;

export interface SupervisorParts {
  readonly drivers: readonly WorkloadDriver[];
  readonly store: ScheduleStore;
  readonly clock: ScheduleClock;
  readonly log: Logger;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Told after everything that a backend has told of a workload. */
  readonly pulse?: { beat(key: WorkloadKey): void };
}

/** Knows the workloads of the schedule and what runs, and leads the one to the other. */
export class Supervisor implements SupervisionHost {
  readonly store: ScheduleStore;
  readonly clock: ScheduleClock;
  readonly alarms: AlarmClock;
  readonly log: Logger;
  readonly random: () => number;
  readonly turns = new KeyedTurns();
  readonly startSlots = new Slots(startsAtOnce);
  private readonly drivers: ReadonlyMap<meta.WorkloadKind, WorkloadDriver>;
  private readonly watches: ReadonlyMap<meta.WorkloadKind, KindWatch>;
  private readonly workloads = new Map<string, ScheduledWorkload>();
  /** By the key of a workload: the keys of those that are to run after it. */
  private readonly dependents = new Map<string, Set<string>>();
  /** Before the next try to stop what is no longer scheduled. */
  private readonly orphanPauses = new Map<string, Wait>();
  /** What is to be looked at once all of a change has been made. */
  private deferred: Set<ScheduledWorkload> | undefined;
  private readonly over = new AbortController();
  private readonly pulse: SupervisorParts['pulse'];

  constructor({ drivers, store, clock, log, random, pulse }: SupervisorParts) {
    this.store = store;
    this.clock = clock;
    this.alarms = new AlarmClock(clock);
    this.log = log;
    this.random = random;
    this.pulse = pulse;
    this.drivers = new Map(drivers.map((driver) => [driver.kind, driver]));
    this.watches = new Map(drivers.map((driver) => [driver.kind, this.watchFor(driver)]));
  }

  get shutdown(): AbortSignal {
    return this.over.signal;
  }

  /** Begins to follow the backends. Nothing is started before they have told what runs. */
  start(): void {
    for (const watch of this.watches.values()) watch.start();
  }

  /** Also those that are destroyed and not yet gone. */
  get(key: WorkloadKey): ScheduledWorkload | undefined {
    return this.workloads.get(keyText(key));
  }

  /** What is scheduled of that key. */
  scheduled(key: WorkloadKey): ScheduledWorkload | undefined {
    const workload = this.get(key);
    return workload?.isForgotten ? undefined : workload;
  }

  all(): ScheduledWorkload[] {
    return [...this.workloads.values()].filter((workload) => !workload.isForgotten);
  }

  add(workload: ScheduledWorkload): void {
    this.workloads.set(workload.text, workload);
    this.link(workload);
  }

  /** One of that name runs that was not started by this schedule. */
  hasForeign({ kind, name }: WorkloadKey): boolean {
    const living = this.watchOf(kind).living.get(name);
    return living !== undefined && !this.ownMark(living);
  }

  adoptLiving(workload: ScheduledWorkload): boolean {
    const { unknownBecause, living } = this.watchOf(workload.key.kind);
    const event = living.get(workload.key.name);
    const mark = event && this.ownMark(event);
    if (unknownBecause !== undefined || workload.run || !event || !mark) return false;
    workload.adopt(mark, event);
    return true;
  }

  /** Has it follow another decision. */
  change(workload: ScheduledWorkload, entry: ScheduleEntry, why: string): void {
    this.unlink(workload);
    workload.become(entry, why);
    this.link(workload);
  }

  /** Has it follow the decision before again. */
  changeBack(workload: ScheduledWorkload, standing: Standing, why: string): void {
    this.unlink(workload);
    workload.return(standing, why);
    this.link(workload);
  }

  letGo(workload: ScheduledWorkload): void {
    workload.dispose();
    // Another of its name may have come after it.
    if (this.workloads.get(workload.text) !== workload) return;
    this.unlink(workload);
    this.workloads.delete(workload.text);
  }

  /** What is scheduled to run after it. */
  dependentsOf(key: WorkloadKey): ScheduledWorkload[] {
    const texts = [...(this.dependents.get(keyText(key)) ?? [])];
    return texts
      .map((text) => this.workloads.get(text))
      .filter((found) => found && !found.isForgotten) as ScheduledWorkload[];
  }

  driverOf(kind: meta.WorkloadKind): WorkloadDriver {
    return known(this.drivers.get(kind), kind);
  }

  watchOf(kind: meta.WorkloadKind): KindWatch {
    return known(this.watches.get(kind), kind);
  }

  unmetDependencies({ key, entry }: ScheduledWorkload): UnmetDependency[] {
    return dependenciesOf(key, entry.spec)
      .map((dependency) => unmetDependency(dependency, this.scheduled(dependency.key)))
      .filter((unmet) => unmet !== undefined);
  }

  defersKick(workload: ScheduledWorkload): boolean {
    this.deferred?.add(workload);
    return this.deferred !== undefined;
  }

  /** Changes many: none of them is looked at before all have changed. One such change at a time. */
  async changeTogether(change: () => Promise<void>): Promise<void> {
    const deferred = new Set<ScheduledWorkload>();
    this.deferred = deferred;
    try {
      await change();
    } finally {
      this.deferred = undefined;
      for (const workload of deferred) workload.kick();
    }
  }

  onProgress(workload: ScheduledWorkload): void {
    this.pulse?.beat(workload.key);
    for (const text of this.dependents.get(workload.text) ?? []) {
      const dependent = this.workloads.get(text);
      if (dependent?.plan.kind === 'due' && !dependent.run) dependent.kick();
    }
  }

  /** Lets go of everything; what runs runs on. Resolves once nothing is started or stopped any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.over.abort();
    await Promise.all(Array.from(this.watches.values(), (watch) => watch[Symbol.asyncDispose]()));
    await this.turns.allIdle();
    for (const workload of this.workloads.values()) workload.dispose();
    for (const pause of this.orphanPauses.values()) pause.cancel();
  }

  private link({ key, entry, text }: ScheduledWorkload): void {
    for (const dependency of dependenciesOf(key, entry.spec)) {
      const dependents = this.dependents.get(keyText(dependency.key)) ?? new Set();
      this.dependents.set(keyText(dependency.key), dependents.add(text));
    }
  }

  private unlink({ key, entry, text }: ScheduledWorkload): void {
    for (const dependency of dependenciesOf(key, entry.spec)) {
      const dependents = this.dependents.get(keyText(dependency.key));
      dependents?.delete(text);
      if (dependents?.size === 0) this.dependents.delete(keyText(dependency.key));
    }
  }

  private watchFor(driver: WorkloadDriver): KindWatch {
    return new KindWatch(driver, this.clock, this.log, {
      onSnapshot: (snapshot) => this.onSnapshot(driver.kind, snapshot),
      onEvent: (event) => this.onEvent(driver.kind, event),
    });
  }

  private onSnapshot(kind: meta.WorkloadKind, snapshot: ReadonlyMap<string, backend.WorkloadEvent>): void {
    for (const [name, event] of snapshot) {
      this.onEvent(kind, { ...event, workload: { kind, name } });
      const mark = isLiving(event) ? undefined : this.ownMark(event);
      if (mark) this.get({ kind, name })?.onPastRun(mark, event);
    }
    for (const workload of this.workloads.values()) {
      if (workload.key.kind !== kind) continue;
      const event = snapshot.get(workload.key.name);
      const isThere = event && this.ownMark(event)?.run === workload.run?.id;
      if (!isThere) workload.onRunLost();
      workload.kickIfNeeded();
    }
  }

  private onEvent(kind: meta.WorkloadKind, event: backend.WorkloadEvent): void {
    const key = { kind, name: event.workload?.name ?? '' };
    const workload = this.get(key);
    const mark = this.ownMark(event);
    if (!mark) workload?.kickIfNeeded();
    else if (workload?.run?.id === mark.run) workload.onRunEvent(event);
    else if (isLiving(event)) this.found(key, workload, mark, event);
    else workload?.kickIfNeeded();
    this.pulse?.beat(key);
  }

  /** Something of this schedule runs that was not known. */
  private found(
    key: WorkloadKey,
    workload: ScheduledWorkload | undefined,
    mark: ScheduleMark,
    event: backend.WorkloadEvent,
  ): void {
    if (!workload) this.stopOrphan(key);
    else if (!workload.run) {
      workload.adopt(mark, event);
      workload.kickIfNeeded();
    }
  }

  /** Of a decision that was taken back, or a workload that was destroyed, just before the daemon went down. */
  private stopOrphan(key: WorkloadKey, triesBefore = 0): void {
    const stopping = this.turns.run(keyText(key), async () => {
      const living = this.watchOf(key.kind).living.get(key.name);
      if (this.get(key) || !living || !this.ownMark(living) || this.shutdown.aborted) return;
      this.log.info('Stopping what the schedule has started and is no longer scheduled', {
        workload: workloadText(key),
      });
      await this.driverOf(key.kind).stop(callContext({ signal: this.shutdown }), key);
      this.orphanPauses.delete(keyText(key));
    });
    stopping.catch((error: unknown) => {
      if (this.shutdown.aborted) return;
      this.log.warn('Cannot stop yet what is no longer scheduled', { workload: workloadText(key), error });
      const pause = this.orphanPauses.get(keyText(key)) ?? new Wait(this.clock);
      this.orphanPauses.set(keyText(key), pause);
      pause.begin(shortagePauseMs(triesBefore, this.random()), () => this.stopOrphan(key, triesBefore + 1));
    });
  }

  private ownMark({ labels }: backend.WorkloadEvent): ScheduleMark | undefined {
    const mark = markOf(labels);
    return mark?.store === this.store.id ? mark : undefined;
  }
}

function known<Value>(value: Value | undefined, kind: meta.WorkloadKind): Value {
  if (value === undefined) throw new Error(`There is no backend for workloads of kind ${kind}`);
  return value;
}
