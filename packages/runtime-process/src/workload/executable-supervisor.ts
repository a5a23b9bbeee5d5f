import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import {
  AlreadyExistsError,
  type backend,
  type BackendLog,
  FailedPreconditionError,
  NotFoundError,
  ResourceExhaustedError,
  type runtime,
  ShuttingDownError,
} from '@aurae/proto';
import type { CgroupHost } from '../cgroup/cgroup-host.js';
import type { ProcessScanner } from '../process-scanner.js';
import { parseSignal } from '../signal-names.js';
import { SpawnFailure } from '../spawn-failure.js';
import { endOrphans } from './end-orphans.js';
import { EventHub } from './event-hub.js';
import { type ExecutableSpec, executableSpec, stopGrace } from './executable-spec.js';
import { failedStart, failedStartStatus, startShortage } from './failed-start.js';
import type { LiveRun } from './live-run.js';
import type { RunEnd } from './run-end.js';
import type { RunRecord } from './run-record.js';
import type { RunStarter } from './run-starter.js';
import { stopRun } from './stop-run.js';
import { Workload, type WorkloadHost } from './workload.js';
import { WorkloadDirectory } from './workload-directory.js';
import { workloadEvent } from './workload-event.js';
import { workloadStatus } from './workload-status.js';

export interface SupervisorOptions {
  /** Where the directories of the workloads are. */
  readonly workloadsPath: string;
  readonly bootId: string;
  /** From TERM to KILL, for what a dead shim has left behind. */
  readonly killGraceMs: number;
  /** How many executables may live at a time. */
  readonly maxExecutables: number;
  /** How many that have ended are remembered, with their logs. */
  readonly maxEndedExecutables: number;
  readonly log: BackendLog | undefined;
}

/** Keeps the executables of one state directory: starts, stops and restarts them, and knows how they ended. */
export class ExecutableSupervisor implements WorkloadHost {
  private readonly workloads = new Map<string, Workload>();
  /** Names whose start has begun and is not yet decided. */
  private readonly starting = new Map<string, Promise<unknown>>();
  private readonly events = new EventHub<backend.WorkloadEvent>();
  private readonly shutdown = new AbortController();

  constructor(
    private readonly starter: RunStarter,
    private readonly cgroups: CgroupHost,
    private readonly scanner: ProcessScanner,
    private readonly options: SupervisorOptions,
  ) {}

  /** Takes over what was found in the state directory, before anything is started. */
  adopt(workload: Workload): void {
    this.workloads.set(workload.spec.name, workload);
    this.keepUntilFinished(workload);
  }

  async start(request: runtime.Executable, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    this.refuseWhenShuttingDown('start an executable');
    const spec = executableSpec(request);
    this.reserve(spec.name);
    const started = this.startReserved(spec, request, signal);
    this.starting.set(spec.name, started);
    try {
      return await started;
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      if (error.isShortage) throw startShortage(spec, error);
      return failedStartStatus(spec, request, error);
    } finally {
      this.starting.delete(spec.name);
    }
  }

  async stop(request: runtime.WorkloadStopRequest, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    const number = request.signal === '' ? 0 : parseSignal(request.signal, 'signal');
    const workload = await this.live(request.meta?.name, 'stop', signal);
    const graceMs = stopGrace(request.gracePeriodMs, workload.spec.stopGraceMs);
    await workload.hold();
    await stopRun(workload, number || workload.spec.stopSignal, graceMs, signal);
    return workloadStatus(workload);
  }

  async kill(request: runtime.WorkloadKillRequest, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    const number = parseSignal(request.signal || 'KILL', 'signal');
    const workload = await this.live(request.meta?.name, 'signal', signal);
    const { phase, spec } = workload;
    if (phase.kind !== 'running') {
      throw new FailedPreconditionError(
        `Cannot signal "${spec.name}": it waits for its restart and has no process now. Stop it to end that`,
      );
    }
    await phase.run.signal(number, 'main', signal);
    return workloadStatus(workload);
  }

  list({ all }: runtime.WorkloadListRequest): runtime.ExecutableListResponse {
    const shown = [...this.workloads.values()].filter((workload) => all || !workload.isOver);
    return { meta: undefined, executables: shown.map(workloadStatus) };
  }

  async remove(name: string): Promise<void> {
    if (this.starting.has(name)) throw stillLives(name);
    const workload = this.find(name, 'remove');
    if (!workload.isOver) throw stillLives(name);
    this.workloads.delete(name);
    await workload.directory.remove();
  }

  /** Of that name, running or ended. Throws `NotFoundError`. */
  find(name: string, action: string): Workload {
    const workload = this.workloads.get(name);
    if (workload) return workload;
    throw new NotFoundError(
      `Cannot ${action} "${shown(name)}": there is no executable of that name. \`aurae ps -a\` shows those there are`,
    );
  }

  /** Each that is remembered, the last started first. */
  all(): Workload[] {
    return [...this.workloads.values()].reverse();
  }

  watch(signal: AbortSignal): AsyncIterable<backend.WorkloadEvent> {
    const living = () => [...this.workloads.values()].filter((workload) => !workload.isOver).map(workloadEvent);
    return this.events.subscribe(living, signal);
  }

  /** Lets go of all workloads, which run on. Starts that go on are cancelled, and their traces removed. */
  async release(): Promise<void> {
    for (const workload of this.workloads.values()) workload.release();
    this.shutdown.abort(new ShuttingDownError('The daemon is shutting down'));
    await Promise.allSettled(this.starting.values());
    await this.starter.settled();
    // Those too whose start was decided just now.
    for (const workload of this.workloads.values()) workload.release();
  }

  async startRun(workload: Workload, number: number, record: RunRecord): Promise<LiveRun> {
    const { directory, spec } = workload;
    const restarted = { ...record, invocationId: randomUUID(), requestedAtMs: Date.now() };
    return await this.begin(directory, spec, number, restarted, endOf(workload), this.shutdown.signal);
  }

  async cleanUp({ invocationId }: RunRecord, end: RunEnd): Promise<void> {
    if (end.kind !== 'unknown') return;
    try {
      await endOrphans(this.scanner, end.main, invocationId, this.options.killGraceMs);
      await this.cgroups.cleanUp(invocationId);
      await rm(this.starter.socketOf(invocationId), { force: true });
    } catch (error) {
      this.options.log?.error(`Cannot end what is left of a run whose shim was killed`, { invocationId, error });
    }
  }

  failedStart({ spec, executable }: Workload, error: unknown): RunEnd {
    return failedStart(spec, executable, error);
  }

  onChange(workload: Workload): void {
    this.events.publish(workloadEvent(workload));
  }

  private reserve(name: string): void {
    const workload = this.workloads.get(name);
    if (this.starting.has(name) || (workload && !workload.isOver)) {
      throw new AlreadyExistsError(
        `Cannot start "${shown(name)}": an executable of that name runs already. Stop it first, or choose another name`,
      );
    }
    const live = this.starting.size + [...this.workloads.values()].filter(({ isOver }) => !isOver).length;
    if (live >= this.options.maxExecutables) {
      throw new ResourceExhaustedError(
        `Cannot start "${shown(name)}": ${live} executables live already, which is the limit. Stop some, or raise ` +
          'max_executables in the config',
      );
    }
  }

  private async startReserved(
    spec: ExecutableSpec,
    request: runtime.Executable,
    signal: AbortSignal,
  ): Promise<runtime.ExecutableStatus> {
    const previous = this.workloads.get(spec.name);
    const directory = previous?.directory ?? WorkloadDirectory.of(this.options.workloadsPath, spec.name);
    const number = (previous?.lastNumber ?? 0) + 1;
    const record: RunRecord = {
      name: spec.name,
      invocationId: randomUUID(),
      bootId: this.options.bootId,
      requestedAtMs: Date.now(),
      restarts: 0,
      restartsInRow: 0,
      executable: request,
    };
    const run = await this.begin(
      directory,
      spec,
      number,
      record,
      previous && endOf(previous),
      AbortSignal.any([signal, this.shutdown.signal]),
    );
    const first = { number, record, phase: { kind: 'running', run } } as const;
    const workload = Workload.create(directory, spec, first, previous?.pastRuns ?? [], this);
    // Behind those that were started before.
    this.workloads.delete(spec.name);
    this.workloads.set(spec.name, workload);
    this.keepUntilFinished(workload);
    this.onChange(workload);
    return workloadStatus(workload);
  }

  private async begin(
    workload: WorkloadDirectory,
    spec: ExecutableSpec,
    number: number,
    record: RunRecord,
    previous: RunEnd | undefined,
    signal: AbortSignal,
  ): Promise<LiveRun> {
    const nextSequence = previous?.kind === 'known' ? previous.exit.logNextSequence : undefined;
    const changed = () => {
      const current = this.workloads.get(spec.name);
      if (current) this.onChange(current);
    };
    const run = await this.starter.start({ workload, number, record, spec, nextSequence }, signal, changed);
    if (number > 1) await workload.begun(number);
    return run;
  }

  /** The one of that name, not ended for good. Waits for a start that is going on. */
  private async live(name: string | undefined, action: string, signal: AbortSignal): Promise<Workload> {
    const wanted = name ?? '';
    await this.starting.get(wanted)?.catch(() => undefined);
    signal.throwIfAborted();
    const workload = this.find(wanted, action);
    if (workload.isOver) throw new NotFoundError(`Cannot ${action} "${shown(wanted)}": it has ended already`);
    return workload;
  }

  private keepUntilFinished(workload: Workload): void {
    void workload.finished
      .then(() => this.forgetOldest())
      .catch((error: unknown) => {
        this.options.log?.warn('Cannot remove an executable that ended long ago', { error });
      });
  }

  private async forgetOldest(): Promise<void> {
    const ended = [...this.workloads.values()].filter(({ isOver }) => isOver);
    const surplus = ended.slice(0, Math.max(0, ended.length - this.options.maxEndedExecutables));
    for (const { spec, directory } of surplus) {
      if (this.starting.has(spec.name)) continue;
      this.workloads.delete(spec.name);
      await directory.remove();
    }
  }

  private refuseWhenShuttingDown(action: string): void {
    if (this.shutdown.signal.aborted) throw new ShuttingDownError(`Cannot ${action}: the daemon is shutting down`);
  }
}

/** Of its last run that has ended. */
function endOf({ pastRuns }: Workload): RunEnd | undefined {
  return pastRuns.at(-1)?.end;
}

function stillLives(name: string): FailedPreconditionError {
  return new FailedPreconditionError(`Cannot remove "${shown(name)}": it still runs. Stop it first`);
}

/** Names may be commands of any length. */
function shown(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 200)}…`;
}
