import {
  AlreadyExistsError,
  FailedPreconditionError,
  NotFoundError,
  ResourceExhaustedError,
  unlessAborted,
} from '@aurae/proto';
import type { Workload } from './workload.js';

export interface WorkloadTableOptions {
  /** How many executables may live at a time. */
  readonly maxExecutables: number;
  /** How many that have ended are remembered, with their logs. */
  readonly maxEndedExecutables: number;
}

/** The executables by name: those that live, and those that have ended and are remembered. */
export class WorkloadTable {
  /** Those that were started last come last. */
  private readonly workloads = new Map<string, Workload>();
  /** Those that ended last come last. */
  private readonly ended = new Set<Workload>();
  /** Names that are being started or removed: nobody else may have them meanwhile. */
  private readonly taken = new Map<string, Promise<unknown>>();
  private readonly removals = new Map<string, Promise<void>>();

  constructor(
    private readonly options: WorkloadTableOptions,
    /** Removes all that is kept of one that is forgotten. */
    private readonly removeFiles: (workload: Workload) => Promise<void>,
  ) {}

  get(name: string): Workload | undefined {
    return this.workloads.get(name);
  }

  all(): Workload[] {
    return [...this.workloads.values()];
  }

  living(): Workload[] {
    return this.all().filter((workload) => !workload.isOver);
  }

  add(workload: Workload): void {
    const { name } = workload.spec;
    const previous = this.workloads.get(name);
    if (previous) this.ended.delete(previous);
    this.workloads.delete(name);
    this.workloads.set(name, workload);
  }

  /** It has ended for good. Forgets those that ended first, where too many have ended. */
  async hasEnded(workload: Workload): Promise<void> {
    if (this.workloads.get(workload.spec.name) === workload) this.ended.add(workload);
    while (this.ended.size > this.options.maxEndedExecutables) {
      const oldest = this.oldestFree();
      if (!oldest) return;
      await this.forget(oldest);
    }
  }

  /**
   * Starts an executable of that name, once none is being removed. Rejects with `AlreadyExistsError` and
   * `ResourceExhaustedError` where none may be started.
   */
  async start<Result>(name: string, signal: AbortSignal, start: () => Promise<Result>): Promise<Result> {
    for (let removal = this.removals.get(name); removal; removal = this.removals.get(name)) {
      await unlessAborted(settled(removal), signal);
    }
    // From the look at the name to the taking of it nothing else may run.
    this.admit(name);
    return this.holding(name, start());
  }

  /** Of that name, running or ended. Throws `NotFoundError`. */
  find(name: string, action: string): Workload {
    const workload = this.workloads.get(name);
    if (workload) return workload;
    throw new NotFoundError(
      `Cannot ${action} "${shown(name)}": there is no executable of that name. \`aurae ps -a\` shows those there are`,
    );
  }

  /** The same, but not ended for good. Waits for a start that is going on. */
  async findLive(name: string, action: string, signal: AbortSignal): Promise<Workload> {
    for (let work = this.taken.get(name); work; work = this.taken.get(name)) {
      await unlessAborted(settled(work), signal);
    }
    const workload = this.find(name, action);
    if (workload.isOver) throw new NotFoundError(`Cannot ${action} "${shown(name)}": it has ended already`);
    return workload;
  }

  /** Forgets one that has ended, with its log. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    for (let work = this.taken.get(name); work; work = this.taken.get(name)) {
      await unlessAborted(settled(work), signal);
    }
    // From here to the taking of the name nothing else may run.
    const workload = this.find(name, 'remove');
    if (!workload.isOver) {
      throw new FailedPreconditionError(`Cannot remove "${shown(name)}": it still runs. Stop it first`);
    }
    await this.forget(workload);
  }

  /** Resolves once no name is being started or removed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.taken.values());
  }

  private admit(name: string): void {
    const workload = this.workloads.get(name);
    if (this.taken.has(name) || (workload && !workload.isOver)) {
      throw new AlreadyExistsError(
        `Cannot start "${shown(name)}": an executable of that name runs already. Stop it first, or choose another name`,
      );
    }
    const live = this.taken.size + this.workloads.size - this.ended.size;
    if (live < this.options.maxExecutables) return;
    throw new ResourceExhaustedError(
      `Cannot start "${shown(name)}": ${live} executables live already, which is the limit. Stop some, or raise ` +
        'max_executables in the config',
    );
  }

  /** Keeps the name from everybody else until the work is done. */
  private async holding<Result>(name: string, work: Promise<Result>): Promise<Result> {
    this.taken.set(name, work);
    try {
      return await work;
    } finally {
      this.taken.delete(name);
    }
  }

  /** The first of those that nobody is about to start again. */
  private oldestFree(): Workload | undefined {
    for (const workload of this.ended) if (!this.taken.has(workload.spec.name)) return workload;
    return undefined;
  }

  private async forget(workload: Workload): Promise<void> {
    const { spec } = workload;
    this.workloads.delete(spec.name);
    this.ended.delete(workload);
    const removal = this.removeFiles(workload);
    this.removals.set(spec.name, removal);
    try {
      await this.holding(spec.name, removal);
    } finally {
      this.removals.delete(spec.name);
    }
  }
}

function settled(work: Promise<unknown>): Promise<unknown> {
  return work.catch(() => undefined);
}

/** Names may be commands of any length. */
function shown(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 200)}…`;
}
