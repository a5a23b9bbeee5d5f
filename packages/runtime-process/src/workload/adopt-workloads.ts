import { setTimeout as delay } from 'node:timers/promises';
import type { BackendLog } from '@aurae/proto';
import type { ShimState } from '../shim/shim-state.js';
import { executableSpec } from './executable-spec.js';
import { LiveRun, type RunListener } from './live-run.js';
import type { RunDirectory } from './run-directory.js';
import type { RunEnd, UnknownEnd } from './run-end.js';
import type { RunRecord } from './run-record.js';
import type { RunStarter } from './run-starter.js';
import { type PastRun, Workload, type WorkloadHost } from './workload.js';
import { WorkloadDirectory } from './workload-directory.js';

export interface AdoptionOptions {
  readonly workloadsPath: string;
  readonly bootId: string;
  readonly log: BackendLog | undefined;
}

/** What was found in a state directory. */
export interface Adopted {
  readonly workloads: readonly Workload[];
  /** Directories of workloads that could not be taken over, with the reason. They may run. */
  readonly failures: ReadonlyMap<string, string>;
}

/** How many workloads are looked at together: each takes a few descriptors. */
const lookers = 32;
/** A start that another daemon began takes milliseconds to its first word. */
const startPatienceMs = 5000;

/**
 * Finds the executables of an earlier program: those that run are followed on, of those that ended the end is known. Whatever
 * cannot be read is left as it is, and told to the log.
 */
export async function adoptWorkloads(
  options: AdoptionOptions,
  starter: RunStarter,
  host: WorkloadHost,
): Promise<Adopted> {
  const workloads: Workload[] = [];
  const failures = new Map<string, string>();
  const directories = (await WorkloadDirectory.list(options.workloadsPath)).values();
  const look = async () => {
    for (const directory of directories) {
      try {
        const workload = await new Adoption(directory, options, starter, host).adopt();
        if (workload) workloads.push(workload);
      } catch (error) {
        options.log?.error(`Cannot adopt the executable in "${directory.path}"`, { error });
        failures.set(directory.path, error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: lookers }, look));
  workloads.sort((one, other) => one.record.requestedAtMs - other.record.requestedAtMs);
  return { workloads, failures };
}

interface FoundRun {
  readonly directory: RunDirectory;
  readonly record: RunRecord;
}

class Adoption {
  private listener: RunListener | undefined;

  constructor(
    private readonly directory: WorkloadDirectory,
    private readonly options: AdoptionOptions,
    private readonly starter: RunStarter,
    private readonly host: WorkloadHost,
  ) {}

  /** Undefined where a start was begun and nothing of it came to be. */
  async adopt(): Promise<Workload | undefined> {
    const runs = await this.readableRuns();
    const last = runs.at(-1);
    if (!last) return this.adoptEnded([]);
    const past = await this.pastOf(runs.slice(0, -1));
    const current = await this.currentState(last);
    if (current === 'never-started') {
      await this.discard(last);
      return this.adoptEnded(past);
    }
    if (!(current instanceof LiveRun)) {
      await this.host.cleanUp(last.record, current);
      return this.adoptEnded([...past, { number: last.directory.number, record: last.record, end: current }]);
    }
    const { number } = last.directory;
    const isHeld = await this.directory.isHeld(number);
    const first = { number, record: last.record, phase: { kind: 'running', run: current }, isHeld } as const;
    const workload = Workload.create(this.directory, executableSpec(last.record.executable), first, past, this.host);
    this.listener = { changed: () => this.host.onChange(workload), told: () => this.host.onTold(workload) };
    return workload;
  }

  private async adoptEnded(past: readonly PastRun[]): Promise<Workload | undefined> {
    const last = past.at(-1);
    if (!last) {
      await this.directory.removeIfUnused();
      return undefined;
    }
    const { number, record, end } = last;
    const spec = executableSpec(record.executable);
    const isHeld = await this.directory.isHeld(number);
    const mayRestart = record.bootId === this.options.bootId && !isHeld;
    const phase = mayRestart ? Workload.phaseAfter(record, end) : ({ kind: 'ended', end } as const);
    return Workload.create(this.directory, spec, { number, record, phase, isHeld }, past, this.host);
  }

  private async readableRuns(): Promise<FoundRun[]> {
    const found: FoundRun[] = [];
    for (const directory of await this.directory.runs()) {
      try {
        found.push({ directory, record: await directory.readRecord() });
      } catch (error) {
        // A daemon was killed while it wrote the record: no shim had begun.
        if ((await directory.isLocked()) === true || (await directory.readState())) throw error;
        await directory.remove();
      }
    }
    return found;
  }

  private async pastOf(runs: readonly FoundRun[]): Promise<PastRun[]> {
    return Promise.all(
      runs.map(async ({ directory, record }) => {
        const end = (await endTold(directory)) ?? unknownEnd(await directory.readState());
        return { number: directory.number, record, end };
      }),
    );
  }

  private async currentState(run: FoundRun): Promise<LiveRun | RunEnd | 'never-started'> {
    const { directory, record } = run;
    if (record.bootId !== this.options.bootId) {
      return (await endTold(directory)) ?? { ...unknownEnd(await directory.readState()), reason: restarted };
    }
    const limit = performance.now() + startPatienceMs;
    for (;;) {
      // In this order: a shim writes its exit before it lets go of the lock.
      const isLocked = await directory.isLocked();
      const end = await endTold(directory);
      if (end) return end;
      const state = await directory.readState();
      if (!isLocked) return state ? unknownEnd(state) : 'never-started';
      if (state) return this.follow(run, state);
      if (performance.now() >= limit) throw new Error('its start hangs in the kernel; it is left alone');
      await delay(startPausesMs);
    }
  }

  private follow({ directory, record }: FoundRun, state: ShimState): LiveRun {
    const socket = this.starter.socketOf(record.invocationId);
    const listener = { changed: () => this.listener?.changed(), told: () => this.listener?.told() };
    return new LiveRun({ directory, record, socket }, state, listener);
  }

  /** Of a start that was cut off in the middle. */
  private async discard({ directory, record }: FoundRun): Promise<void> {
    await this.host.cleanUp(record, unknownEnd(undefined));
    await directory.remove();
  }
}

const startPausesMs = 5;
const restarted = 'How it ended is not known: the machine went down while it ran.';

async function endTold(directory: RunDirectory): Promise<RunEnd | undefined> {
  const exit = await directory.readExit();
  return exit && { kind: 'known', endedAtMs: exit.endedAtMs, exit };
}

function unknownEnd(state: ShimState | undefined): UnknownEnd {
  const shim = state ? ` (pid ${state.shimPid})` : '';
  return {
    kind: 'unknown',
    endedAtMs: Date.now(),
    startedAtMs: state?.startedAtMs ?? 0,
    main: state && { pid: state.pid, startTime: state.startTime },
    reason: `How it ended is not known: its shim${shim} was killed.`,
  };
}
