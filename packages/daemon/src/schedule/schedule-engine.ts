import {
  AlreadyExistsError,
  abortReason,
  type CallContext,
  CapabilityNotSupportedError,
  FailedPreconditionError,
  isAuraeError,
  NotFoundError,
  type schedule,
  ShuttingDownError,
  unlessAborted,
} from '@aurae/proto';
import { workloadText } from '../logging/workload-text.js';
import { ApplyIntakes } from './apply-intake.js';
import { checkSpec } from './check-spec.js';
import { outcomeMessage } from './decision-messages.js';
import { asError } from './describe-error.js';
import { checkOrder, type Graph, type GraphNode } from './dependency-graph.js';
import { KeyedTurns } from './keyed-turns.js';
import { inNameOf } from './refused-spec.js';
import { isSameSpec } from './spec-parts.js';
import type { ScheduleEntry, StoreChange } from './store/schedule-store.js';
import { describeWorkload } from './supervision/describe-workload.js';
import { ScheduledWorkload, type Standing } from './supervision/scheduled-workload.js';
import type { Supervisor } from './supervision/supervisor.js';
import { keyOf, keyText, shownKey, type WorkloadKey, type WorkloadSpec } from './workload-key.js';

/** All decisions of a node are made one after the other, from the look at the schedule to the disk. */
const decisionsKey = 'decisions';

/** The schedule of a node: takes decisions, keeps them, and has the supervisor carry them out. */
export class ScheduleEngine {
  /** Bounds what callers of Apply make the daemon hold. */
  readonly intakes = new ApplyIntakes();
  private revision: number;
  /** What is asked for by name, one after the other. What follows by itself has turns of its own. */
  private readonly commands = new KeyedTurns();
  /** By key, what comes back in the place of a spec that is on trial, should that fail. */
  private readonly fallbacks = new Map<string, WorkloadSpec>();

  constructor(readonly supervisor: Supervisor) {
    this.revision = supervisor.store.lastRevision;
  }

  /** Takes up what was decided before, and begins to carry it out. */
  async start(): Promise<void> {
    for (const { entry, progress } of await this.supervisor.store.load()) {
      const workload = new ScheduledWorkload(entry, progress, this.supervisor);
      this.supervisor.add(workload);
      workload.arm('started with the daemon');
    }
    this.supervisor.start();
  }

  /**
   * Keeps it and starts it, unless its criteria say to wait. Answers with what is true then, for a person.
   *
   * @throws InvalidSpecError for what cannot be right; FailedPreconditionError when it cannot run, AlreadyExistsError
   *   while one of its name runs that is not scheduled: then everything is as it was before
   */
  async enable(spec: WorkloadSpec, context: CallContext): Promise<string> {
    checkSpec(spec);
    await this.checkCanRun(spec, context);
    const key = keyOf(spec);
    return await this.inTurn(key, context, () => {
      const { unsupported } = this.supervisor.watchOf(key.kind);
      if (unsupported) throw unsupported;
      return this.enableInTurn(key, spec, context);
    });
  }

  /** Ends it and keeps the record. Throws NotFoundError where there is none. */
  async disable(key: WorkloadKey, context: CallContext): Promise<string> {
    return await this.inTurn(key, context, async () => {
      const workload = this.supervisor.scheduled(key);
      if (!workload) {
        throw new NotFoundError(
          `Cannot disable ${shownKey(key)}: it is not scheduled. \`aurae schedule\` shows what is`,
        );
      }
      if (workload.entry.enabled) {
        const entry = { ...workload.entry, enabled: false, decidedAtMs: this.supervisor.clock.now() };
        await this.decide(
          () => [{ kind: 'put', entry }],
          () => {
            this.note(key, 'disabled', `disabled${by(context)}`);
            this.supervisor.change(workload, entry, '');
          },
        );
      }
      await this.endInTurn(workload);
      return `is disabled${this.toldOfDependents(key)}`;
    });
  }

  /** Ends it and forgets it. */
  async destroy(key: WorkloadKey, context: CallContext): Promise<string> {
    return await this.inTurn(key, context, async () => {
      const workload = this.supervisor.scheduled(key);
      if (!workload) return 'was not scheduled';
      await this.decide(
        () => [{ kind: 'delete', key }],
        () => workload.forget(),
      );
      this.supervisor.log.info('Destroyed a scheduled workload', {
        workload: workloadText(key),
        identity: context.identity,
      });
      await this.endForgotten(workload);
      return `is destroyed${this.toldOfDependents(key)}`;
    });
  }

  /**
   * Stopped by hand: what waits for its start waits no longer. Answers with whether there was such a one; what runs is
   * for the backend to stop.
   */
  async hold(key: WorkloadKey, signal: AbortSignal): Promise<boolean> {
    const workload = this.supervisor.scheduled(key);
    if (!workload?.entry.enabled) return false;
    const held = this.supervisor.turns.run(keyText(key), async () => {
      const waits = !workload.run && (workload.plan.kind === 'due' || workload.plan.kind === 'pause');
      if (waits) workload.hold();
      return waits;
    });
    return await unlessAborted(held, signal);
  }

  isEnabled(key: WorkloadKey): boolean {
    return this.supervisor.scheduled(key)?.entry.enabled ?? false;
  }

  describe(workload: ScheduledWorkload): schedule.ScheduledWorkload {
    const isWaiting = !workload.run && workload.plan.kind === 'due' && workload.entry.enabled;
    const unmet = isWaiting ? this.supervisor.unmetDependencies(workload).map(({ key }) => key) : [];
    return describeWorkload(workload, unmet);
  }

  /** Lets go of the workloads, which run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
  }

  /** Keeps everybody else from deciding about these keys by name. As `KeyedTurns.runAll`. */
  alone<Result>(keys: readonly string[], work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    return this.commands.runAll(keys, work, signal);
  }

  /** For the next decision about a spec. */
  nextRevision(): number {
    return ++this.revision;
  }

  /** Ends what was forgotten, and lets go of it. Only in a turn of the workload. */
  async endForgotten(workload: ScheduledWorkload): Promise<void> {
    if (!workload.isForgotten) return;
    await this.endInTurn(workload);
    // Where its backend cannot tell now what runs, it is ended as soon as that is known.
    if (!workload.run && workload.isForgotten) this.supervisor.letGo(workload);
  }

  /** Throws where a backend would not start it now. */
  async checkCanRun(spec: WorkloadSpec, context: CallContext): Promise<void> {
    const key = keyOf(spec);
    const refusal = await this.supervisor
      .driverOf(key.kind)
      .check(context, spec)
      .catch((error: unknown) => {
        if (!isAuraeError(error) || error.reason !== 'CAPABILITY_NOT_SUPPORTED') throw inNameOf(key, error);
        throw new CapabilityNotSupportedError(`Cannot enable ${shownKey(key)}: ${error.message}`);
      });
    if (refusal !== undefined) throw new FailedPreconditionError(`Cannot enable ${shownKey(key)}: ${refusal}`);
  }

  /**
   * Looks at the schedule as it is, decides, keeps the decision, and has the workloads follow it, before anybody else
   * decides.
   */
  async decide<Result>(changes: () => readonly StoreChange[], follow: () => Result | Promise<Result>): Promise<Result> {
    return await this.supervisor.turns.run(decisionsKey, async () => {
      await this.supervisor.store.commit(changes());
      return await follow();
    });
  }

  /** The schedule as it is. */
  readonly graph: Graph = (key) => {
    const workload = this.supervisor.scheduled(key);
    if (!workload) return undefined;
    return { key: workload.key, spec: workload.entry.spec, fallback: this.fallbacks.get(workload.text) };
  };

  note(key: WorkloadKey, type: string, message: string): void {
    const { store, clock } = this.supervisor;
    store.keepHistory({ key, timestampMs: clock.now(), type, message });
  }

  /** Has what is there of that key follow the decision, or makes it. Only while nobody else decides. */
  follow(entry: ScheduleEntry, why: string): ScheduledWorkload {
    const present = this.supervisor.get(entry.key);
    if (present) {
      this.supervisor.change(present, entry, why);
      return present;
    }
    const workload = new ScheduledWorkload(entry, { restarts: 0 }, this.supervisor);
    this.supervisor.add(workload);
    workload.arm(why);
    this.supervisor.adoptLiving(workload);
    return workload;
  }

  private async enableInTurn(key: WorkloadKey, spec: WorkloadSpec, context: CallContext): Promise<string> {
    if (context.signal.aborted) throw abortReason(context.signal);
    const previous = this.supervisor.scheduled(key);
    if (previous?.entry.enabled && isSameSpec(previous.entry.spec, spec)) return this.enableAgain(previous, context);
    if (!previous?.run) this.refuseForeign(key);
    const before = previous?.standing;
    try {
      const workload = await this.place({ key, spec, fallback: previous?.entry.spec }, context);
      const failure = (await workload.attempt(context.signal)) ?? (await this.confirm(key));
      if (failure) {
        await this.takeBack(workload, before);
        throw enableFailure(key, failure);
      }
      return outcomeMessage(this.describe(workload));
    } finally {
      this.fallbacks.delete(keyText(key));
    }
  }

  /** Keeps the decision, on trial, and has the workload follow it. */
  private async place({ key, spec, fallback }: GraphNode, context: CallContext): Promise<ScheduledWorkload> {
    const decidedAtMs = this.supervisor.clock.now();
    const entry: ScheduleEntry = { key, spec, enabled: true, revision: this.nextRevision(), decidedAtMs };
    const why = `enabled${by(context)}`;
    return await this.decide(
      () => {
        checkOrder([entry], (other) => (keyText(other) === keyText(key) ? entry : this.graph(other)));
        return [{ kind: 'put', entry, onTrial: true }];
      },
      () => {
        this.note(key, 'enabled', why);
        if (fallback) this.fallbacks.set(keyText(key), fallback);
        return this.follow(entry, why);
      },
    );
  }

  private async confirm(key: WorkloadKey): Promise<Error | undefined> {
    try {
      await this.supervisor.store.commit([{ kind: 'confirm', key }]);
      return undefined;
    } catch (error) {
      return asError(error);
    }
  }

  /** Everything is to be as it was before. */
  private async takeBack(workload: ScheduledWorkload, before: Standing | undefined): Promise<void> {
    const { key } = workload;
    const change: StoreChange = before ? { kind: 'put', entry: before.entry } : { kind: 'delete', key };
    const follow = () => {
      if (!before) return workload.forget();
      this.note(key, 'taken-back', 'its new spec could not run; the one before holds again');
      this.supervisor.changeBack(workload, before, 'started again: its new spec could not run');
    };
    await this.decide(() => [change], follow).catch((error: unknown) => {
      // It was on trial: the next opening of the store takes it back by itself.
      this.supervisor.log.warn('Cannot take back a decision in the store now', { workload: workloadText(key), error });
      follow();
    });
    if (before) workload.kick();
    // What cannot be stopped now is tried again.
    else await this.endForgotten(workload).catch(() => undefined);
  }

  /** It is enabled as it is asked for. What is down is tried again. */
  private async enableAgain(workload: ScheduledWorkload, context: CallContext): Promise<string> {
    const { plan, run, key } = workload;
    const isDown = !run && plan.kind !== 'due' && plan.kind !== 'timer';
    if (isDown) {
      workload.retry(`enabled again${by(context)}`);
      const failure = await workload.attempt(context.signal);
      if (failure) {
        // That the caller has gone says nothing about the workload.
        if (context.signal.aborted) workload.kick();
        else workload.afterFailedStart(failure);
        throw enableFailure(key, failure);
      }
    }
    return outcomeMessage(this.describe(workload));
  }

  private async endInTurn(workload: ScheduledWorkload): Promise<void> {
    const failure = await workload.attempt(this.supervisor.shutdown);
    if (!failure) return;
    workload.pauseStop(failure);
    throw failure;
  }

  /** What comes after it may have to wait from now on. */
  private toldOfDependents(key: WorkloadKey): string {
    const names = this.supervisor.dependentsOf(key).map(({ key: dependent }) => shownKey(dependent));
    return names.length === 0 ? '' : `; what comes after it will wait at its next start: ${names.join(', ')}`;
  }

  private refuseForeign(key: WorkloadKey): void {
    if (!this.supervisor.hasForeign(key)) return;
    throw new AlreadyExistsError(
      `Cannot enable ${shownKey(key)}: one of that name runs already, started without the schedule. Stop it first, or ` +
        'choose another name',
    );
  }

  private async inTurn(key: WorkloadKey, context: CallContext, work: () => Promise<string>): Promise<string> {
    if (this.supervisor.shutdown.aborted) throw new ShuttingDownError('The daemon is shutting down');
    await unlessAborted(this.supervisor.watchOf(key.kind).whenKnown(), context.signal);
    const { turns } = this.supervisor;
    const text = keyText(key);
    return await unlessAborted(
      this.commands.run(text, () => turns.run(text, work)),
      context.signal,
    );
  }
}

/** Who has decided, for the history. */
export function by({ identity }: CallContext): string {
  return identity === '' ? '' : ` by ${identity}`;
}

function enableFailure(key: WorkloadKey, failure: Error): Error {
  if (!isAuraeError(failure) || failure.reason !== 'FAILED_PRECONDITION') return failure;
  return new FailedPreconditionError(`Cannot enable ${shownKey(key)}: ${failure.message}`, { cause: failure });
}
