import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { abortReason, onAbort, unlessAborted } from '@aurae/proto';
import type { CgroupHost } from '../cgroup/cgroup-host.js';
import { commandEnvironment } from '../command-environment.js';
import { trampolinePath } from '../native-binding.js';
import { type LaunchingShim, launchShim, type ShimReport } from '../shim/launch-shim.js';
import { ShimLink } from '../shim/shim-link.js';
import type { ShimSettings } from '../shim/shim-settings.js';
import { SpawnFailure, SpawnStep } from '../spawn-failure.js';
import type { ExecutableSpec } from './executable-spec.js';
import { LiveRun, placeOf, type RunIdentity, type RunListener } from './live-run.js';
import type { RunRecord } from './run-record.js';
import type { RunRemains } from './run-remains.js';
import type { WorkloadDirectory } from './workload-directory.js';

export interface RunStarterOptions {
  /** Where shims listen. */
  readonly socketDirectory: string;
  readonly logSegmentBytes: number;
  readonly logSegments: number;
}

export interface RunToStart {
  readonly workload: WorkloadDirectory;
  readonly number: number;
  readonly record: RunRecord;
  readonly spec: ExecutableSpec;
  /** Of the log's next record, where it is known. */
  readonly nextSequence: number | undefined;
}

/** A start takes a few milliseconds. One that lasts this long after it was cancelled hangs in the kernel. */
const startPatienceMs = 250;
const { SIGKILL } = constants.signals;

/** Starts runs, completely or without a trace. */
export class RunStarter {
  /** Cancelled starts that are not yet undone, by the path of their workload. */
  private readonly undoings = new Map<string, Promise<void>>();

  constructor(
    private readonly cgroups: CgroupHost,
    private readonly remains: RunRemains,
    private readonly options: RunStarterOptions,
  ) {}

  socketOf(invocationId: string): string {
    return join(this.options.socketDirectory, `${invocationId.replaceAll('-', '').slice(0, 16)}.sock`);
  }

  /**
   * Resolves once the program has been executed. Rejects with `SpawnFailure` where that failed, and with the signal's
   * reason when that aborts first; nothing is left then, or will be once a start that hangs comes to its end.
   */
  async start(run: RunToStart, signal: AbortSignal, listener: RunListener): Promise<LiveRun> {
    try {
      return await this.attempt(run, signal, listener);
    } catch (error) {
      if (!isParentMissing(error)) throw error;
      // Another daemon that shared the parent cgroup has removed it at its end.
      await this.cgroups.prepare();
      return this.attempt(run, signal, listener);
    }
  }

  /** Resolves once nothing of cancelled starts is left. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.undoings.values());
  }

  private async attempt(run: RunToStart, signal: AbortSignal, listener: RunListener): Promise<LiveRun> {
    const directory = run.workload.run(run.number);
    const identity = { directory, record: run.record, socket: this.socketOf(run.record.invocationId) };
    const settings = this.settingsOf(run, identity);
    await unlessAborted(this.undoings.get(run.workload.path), signal);
    const lock = await this.create(run);
    const launching = launchShim(settings, lock, run.spec.name.slice(0, 200));
    const report = launching.report.finally(() => closeSync(lock));
    try {
      return new LiveRun(identity, await reportOrAbort(launching, report, signal), listener);
    } catch (error) {
      if (signal.aborted) this.undoLater(run, identity, report);
      else await this.undoFailed(run, identity, error);
      throw error;
    }
  }

  private settingsOf({ workload, record, spec, nextSequence }: RunToStart, identity: RunIdentity): ShimSettings {
    const { command } = spec;
    const { env, limits, stdin } = record.executable;
    const environment = commandEnvironment(env, command.user, record.invocationId);
    if (spec.terminal && !environment.has('TERM')) environment.set('TERM', 'xterm-256color');
    return {
      directory: identity.directory.path,
      socket: identity.socket,
      log: {
        directory: workload.logPath,
        nextSequence,
        segmentBytes: this.options.logSegmentBytes,
        segments: this.options.logSegments,
      },
      argv: command.argv,
      env: environment,
      cwd: command.cwd,
      user: command.user,
      trampoline: trampolinePath,
      umask: spec.umask,
      limits: spec.processLimits,
      cgroup: this.cgroups.plan(record.invocationId, limits),
      stdin: stdin ? 'pipe' : 'null',
      terminal: spec.terminal,
      stopSignal: spec.stopSignal,
      stopGraceMs: spec.stopGraceMs,
    };
  }

  private async create({ workload, number, record }: RunToStart): Promise<number> {
    const directory = workload.run(number);
    try {
      return await directory.create(record);
    } catch (error) {
      await directory.removeIfEmpty();
      await workload.removeIfUnused();
      throw error;
    }
  }

  private async undoFailed(run: RunToStart, identity: RunIdentity, error: unknown): Promise<void> {
    if (isUnclear(error)) await this.endUnclear(identity);
    await undo(run);
  }

  /** Its shim may live or not, and what it has started may live without it. */
  private async endUnclear(identity: RunIdentity): Promise<void> {
    await endShim(identity);
    await this.remains.end(identity.record.invocationId, undefined, identity.socket);
  }

  private undoLater(run: RunToStart, identity: RunIdentity, report: Promise<ShimReport>): void {
    const { path } = run.workload;
    const ending = report.then(
      () => endShim(identity),
      (error: unknown) => (isUnclear(error) ? this.endUnclear(identity) : undefined),
    );
    const undoing = ending
      .then(() => undo(run))
      .catch(() => undefined)
      .finally(() => this.undoings.delete(path));
    this.undoings.set(path, undoing);
  }
}

/** A report that is missing, or cannot be understood, does not tell that nothing was started. */
function isUnclear(error: unknown): boolean {
  return error instanceof SpawnFailure && error.step === SpawnStep.shim;
}

function isParentMissing(error: unknown): boolean {
  return error instanceof SpawnFailure && error.step === SpawnStep.cgroup && error.code === 'ENOENT';
}

/** The report, or the signal's reason: that waits a little, so that mostly nothing is left to undo behind it. */
async function reportOrAbort(
  launching: LaunchingShim,
  report: Promise<ShimReport>,
  signal: AbortSignal,
): Promise<ShimReport> {
  const patient = patientSignal(signal);
  try {
    const result = await unlessAborted(report, patient.signal);
    if (signal.aborted) throw abortReason(signal);
    return result;
  } catch (error) {
    if (patient.signal.aborted) launching.abandon();
    throw error;
  } finally {
    patient.release();
  }
}

/** Aborts a while after that one. */
function patientSignal(signal: AbortSignal) {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stopListening = onAbort(signal, () => {
    timer = setTimeout(() => late.abort(abortReason(signal)), startPatienceMs);
  });
  const release = () => {
    clearTimeout(timer);
    stopListening();
  };
  return { signal: late.signal, release };
}

/** Ends the shim of that run with its workload, if there is one. */
async function endShim({ directory, socket }: RunIdentity): Promise<void> {
  const link = new ShimLink(placeOf(directory, socket), undefined, () => undefined);
  (await link.connected(new AbortController().signal))?.stop(SIGKILL, 0);
  await link.ended;
}

/** As far as that is possible: why the start failed matters more. */
async function undo({ workload, number }: RunToStart): Promise<void> {
  await workload
    .run(number)
    .remove()
    .catch(() => undefined);
  await workload.removeIfUnused();
}
