import { randomUUID } from 'node:crypto';
import { nextLogSequence } from '@aurae/observe-logs';
import {
  type backend,
  type BackendLog,
  FailedPreconditionError,
  type runtime,
  ShuttingDownError,
  type WorkloadLogKeeper,
} from '@aurae/proto';
import type { CgroupHost } from '../cgroup/cgroup-host.js';
import { startObstacle } from '../check/start-obstacle.js';
import { commandEnvironment } from '../command-environment.js';
import { parseSignal } from '../signal-names.js';
import { SpawnFailure } from '../spawn-failure.js';
import type { Adopted } from './adopt-workloads.js';
import { EventHub } from './event-hub.js';
import { type ExecutableSpec, executableSpec, stopGrace } from './executable-spec.js';
import { failedStart, failedStartStatus, startShortage } from './failed-start.js';
import { KeptLogs } from './kept-logs.js';
import type { LiveRun, RunListener } from './live-run.js';
import type { RunEnd } from './run-end.js';
import type { RunRecord } from './run-record.js';
import type { RunRemains } from './run-remains.js';
import type { RunStarter } from './run-starter.js';
import { stopRun } from './stop-run.js';
import { Workload, type WorkloadHost } from './workload.js';
import { WorkloadDirectory } from './workload-directory.js';
import { inSyncEvent, removalEvent, workloadEvent } from './workload-event.js';
import { WorkloadJournal } from './workload-journal.js';
import { startableStatus, workloadStatus } from './workload-status.js';
import { WorkloadTable, type WorkloadTableOptions } from './workload-table.js';

export interface SupervisorOptions extends WorkloadTableOptions {
  /** Where the directories of the workloads are. */
  readonly workloadsPath: string;
  readonly bootId: string;
  readonly log: BackendLog | undefined;
  /** Undefined: the shims alone bound the logs. */
  readonly logs: WorkloadLogKeeper | undefined;
}

/** Keeps the executables of one state directory: starts, stops and restarts them, and knows how they ended. */
export class ExecutableSupervisor implements WorkloadHost {
  private readonly table: WorkloadTable;
  private readonly journal: WorkloadJournal;
  private readonly logs: KeptLogs;
  private readonly events = new EventHub<backend.WorkloadEvent>();
  private readonly shutdown = new AbortController();
  private notAdopted: Adopted['failures'] = new Map();

  constructor(
    private readonly starter: RunStarter,
    private readonly cgroups: CgroupHost,
    private readonly remains: RunRemains,
    private readonly options: SupervisorOptions,
  ) {
    this.table = new WorkloadTable(options, (workload) => this.removeFiles(workload));
    this.logs = new KeptLogs(options.logs);
    this.journal = new WorkloadJournal(options.log);
  }

  /** Takes over what was found in the state directory, before anything is started. */
  adopt({ workloads, failures }: Adopted): void {
    this.notAdopted = failures;
    this.journal.adopted(workloads);
    for (const workload of [...workloads].sort(byEnd)) this.keep(workload);
  }

  async start(request: runtime.Executable, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    this.refuseWhenShuttingDown('start an executable');
    const spec = executableSpec(request);
    try {
      return await this.table.start(spec.name, signal, () => this.startReserved(spec, request, signal));
    } catch (error) {
      if (!(error instanceof SpawnFailure)) throw error;
      if (error.isShortage) throw startShortage(spec, error);
      return failedStartStatus(spec, request, error);
    }
  }

  /** Whether it could be started now, but for its name. Nothing is made for it. */
  async check(request: runtime.Executable): Promise<runtime.ExecutableStatus> {
    this.refuseWhenShuttingDown('check an executable');
    const spec = executableSpec(request);
    this.refuseNotAdopted(spec, WorkloadDirectory.of(this.options.workloadsPath, spec.name));
    const invocationId = randomUUID();
    const env = commandEnvironment(request.env, spec.command.user, invocationId);
    this.cgroups.plan(invocationId, request.limits);
    const obstacle = await startObstacle(spec.command, env);
    return obstacle ? failedStartStatus(spec, request, obstacle) : startableStatus(spec);
  }

  async stop(request: runtime.WorkloadStopRequest, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    const number = request.signal === '' ? 0 : parseSignal(request.signal, 'signal');
    const workload = await this.table.findLive(request.meta?.name ?? '', 'stop', signal);
    const graceMs = stopGrace(request.gracePeriodMs, workload.spec.stopGraceMs);
    // Whatever becomes of that: once it has ended by a stop, its exit says so.
    const held = workload.hold().catch((error: unknown) => {
      this.options.log?.warn('Cannot write down that an executable is to stay down', {
        name: workload.spec.name,
        error,
      });
    });
    await stopRun(workload, number || workload.spec.stopSignal, graceMs, signal);
    await held;
    return workloadStatus(workload);
  }

  async kill(request: runtime.WorkloadKillRequest, signal: AbortSignal): Promise<runtime.ExecutableStatus> {
    const number = parseSignal(request.signal || 'KILL', 'signal');
    const workload = await this.table.findLive(request.meta?.name ?? '', 'signal', signal);
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
    const listed = all ? this.table.all() : this.table.living();
    return { meta: undefined, executables: listed.map(workloadStatus) };
  }

  /** Forgets one that has ended, with its log. */
  remove(name: string, signal: AbortSignal): Promise<void> {
    return this.table.remove(name, signal);
  }

  /** Of that name, running or ended. Throws `NotFoundError`. */
  find(name: string, action: string): Workload {
    return this.table.find(name, action);
  }

  /** Each that is remembered, the last started first. */
  all(): Workload[] {
    return this.table.all().reverse();
  }

  /** Each that is known as it is now, then what becomes of them: nothing is left out between the two. */
  watch(signal: AbortSignal): AsyncIterable<backend.WorkloadEvent> {
    return this.events.subscribe(() => [...this.table.all().map(workloadEvent), inSyncEvent()], signal);
  }

  /** Lets go of all workloads, which run on. Starts that go on are cancelled, and their traces removed. */
  async release(): Promise<void> {
    for (const workload of this.table.all()) workload.release();
    this.shutdown.abort(new ShuttingDownError('The daemon is shutting down'));
    await this.table.settled();
    await this.starter.settled();
    // Those too whose start was decided just now.
    for (const workload of this.table.all()) workload.release();
    await this.logs.releaseAll();
  }

  /** Of its log, on disk; 0 where nobody knows. */
  logBytes({ directory }: Workload): number {
    return this.logs.bytesOf(directory);
  }

  async startRun(workload: Workload, number: number, record: RunRecord): Promise<LiveRun> {
    const { directory, spec } = workload;
    const restarted = { ...record, invocationId: randomUUID(), requestedAtMs: Date.now() };
    return await this.begin(directory, spec, number, restarted, endOf(workload), this.shutdown.signal);
  }

  async cleanUp({ invocationId }: RunRecord, end: RunEnd): Promise<void> {
    if (end.kind !== 'unknown') return;
    try {
      await this.remains.end(invocationId, end.main, this.starter.socketOf(invocationId));
    } catch (error) {
      this.options.log?.error(`Cannot end what is left of a run whose shim was killed`, { invocationId, error });
    }
  }

  failedStart({ spec, executable }: Workload, error: unknown): RunEnd {
    return failedStart(spec, executable, error);
  }

  onPhase(workload: Workload): void {
    this.journal.changed(workload);
  }

  onChange(workload: Workload): void {
    this.events.publish(workloadEvent(workload));
  }

  onTold({ directory }: Workload): void {
    this.logs.mayHaveRotated(directory);
  }

  private async startReserved(
    spec: ExecutableSpec,
    request: runtime.Executable,
    signal: AbortSignal,
  ): Promise<runtime.ExecutableStatus> {
    const previous = this.table.get(spec.name);
    const directory = previous?.directory ?? WorkloadDirectory.of(this.options.workloadsPath, spec.name);
    this.refuseNotAdopted(spec, directory);
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
    this.keep(workload);
    this.onPhase(workload);
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
    const nextSequence = await sequenceAfter(previous, workload.logPath);
    const listener: RunListener = {
      changed: () => {
        const current = this.table.get(spec.name);
        // It is told of once it has taken the place of the run before.
        if (current?.phase.kind === 'running' && current.phase.run === run) this.onChange(current);
      },
      told: () => this.logs.mayHaveRotated(workload),
    };
    const run: LiveRun = await this.starter.start({ workload, number, record, spec, nextSequence }, signal, listener);
    if (number > 1) {
      await workload.begun(number).catch((error: unknown) => {
        this.options.log?.warn('Cannot tidy up behind a new run', { name: spec.name, error });
      });
    }
    return run;
  }

  private keep(workload: Workload): void {
    this.table.add(workload);
    this.logs.keep(workload.spec.name, workload.directory);
    const tidied = workload.finished.then(() => this.table.hasEnded(workload));
    tidied.catch((error: unknown) => {
      this.options.log?.warn('Cannot remove an executable that ended long ago', { error });
    });
  }

  private async removeFiles(workload: Workload): Promise<void> {
    this.events.publish(removalEvent(workload));
    await this.logs.release(workload.directory);
    await workload.directory.remove();
  }

  private refuseNotAdopted({ name }: ExecutableSpec, { path }: WorkloadDirectory): void {
    const reason = this.notAdopted.get(path);
    if (reason === undefined) return;
    throw new FailedPreconditionError(
      `Cannot start "${name}": "${path}" holds an earlier run of it that could not be taken over, and may still run: ` +
        `${reason}. Mend that, or remove the directory once nothing of it runs, and restart the daemon`,
    );
  }

  private refuseWhenShuttingDown(action: string): void {
    if (this.shutdown.signal.aborted) throw new ShuttingDownError(`Cannot ${action}: the daemon is shutting down`);
  }
}

/** Of its last run that has ended. */
function endOf({ pastRuns }: Workload): RunEnd | undefined {
  return pastRuns.at(-1)?.end;
}

/** Of the log's next record, where that is known. A shim that counts sees only those segments that are still its own. */
async function sequenceAfter(previous: RunEnd | undefined, logPath: string): Promise<number | undefined> {
  if (previous?.kind === 'known') return previous.exit.logNextSequence;
  return previous && nextLogSequence(logPath).then(Number, () => undefined);
}

/** Those that have ended are forgotten in the order in which they are kept. */
function byEnd(one: Workload, other: Workload): number {
  return one.endedAtMs - other.endedAtMs;
}
