import { readdir } from 'node:fs/promises';
import { type ProcessSample, sampleProcess } from './process-sample.js';
import type { TimeSlice } from './time-slice.js';

/** By what the processes of a run are known where it has no cgroup. */
export interface RunRoot {
  /** All that it has started descends from its shim, which is their subreaper. */
  readonly shimPid: number;
  /** Of its first process, and so of its session. */
  readonly sessionId: number;
}

/** All processes of this host, told apart by the runs that they belong to. */
export class ProcessCensus {
  private readonly members: ReadonlyMap<RunRoot, ProcessSample[]>;

  private constructor(
    private readonly samples: ReadonlyMap<number, ProcessSample>,
    roots: readonly RunRoot[],
  ) {
    this.members = new Map(roots.map((root) => [root, []]));
    const owners = new Owners(samples, roots);
    for (const sample of samples.values()) {
      const root = owners.of(sample);
      if (root) this.members.get(root)?.push(sample);
    }
  }

  /** One look at /proc for all of these runs. */
  static async take(roots: readonly RunRoot[], slice: TimeSlice): Promise<ProcessCensus> {
    const samples = new Map<number, ProcessSample>();
    for (const name of roots.length > 0 ? await readdir('/proc') : []) {
      const pid = Number(name);
      const sample = Number.isInteger(pid) ? sampleProcess(pid) : undefined;
      if (sample) samples.set(pid, sample);
      if (slice.isOver) await slice.yield();
    }
    return new ProcessCensus(samples, roots);
  }

  /** Its shim is none of them. Undefined when this was not one of the runs. */
  of(root: RunRoot): readonly ProcessSample[] | undefined {
    return this.members.get(root);
  }

  process(pid: number): ProcessSample | undefined {
    return this.samples.get(pid);
  }
}

/** To which run each process belongs. */
class Owners {
  private readonly known = new Map<number, RunRoot | undefined>();
  private readonly shims: ReadonlyMap<number, RunRoot>;
  private readonly sessions: ReadonlyMap<number, RunRoot>;

  constructor(
    private readonly samples: ReadonlyMap<number, ProcessSample>,
    roots: readonly RunRoot[],
  ) {
    this.shims = new Map(roots.map((root) => [root.shimPid, root]));
    this.sessions = new Map(roots.map((root) => [root.sessionId, root]));
  }

  of(sample: ProcessSample): RunRoot | undefined {
    const path: number[] = [];
    let owner: RunRoot | undefined;
    for (let at: ProcessSample | undefined = sample; at; at = this.samples.get(at.parentPid)) {
      // What is seen at different moments may seem to be its own ancestor.
      if (this.known.has(at.pid) || path.includes(at.pid)) {
        owner = this.known.get(at.pid);
        break;
      }
      path.push(at.pid);
      owner = this.ownerByItself(at);
      if (owner || this.shims.has(at.pid)) break;
    }
    for (const pid of path) this.known.set(pid, owner);
    return owner;
  }

  /**
   * Its session tells where its parent has ended while the others were looked at. Only there: once nobody of the run is in
   * that session, its number may become another's.
   */
  private ownerByItself({ parentPid, sessionId }: ProcessSample): RunRoot | undefined {
    return this.shims.get(parentPid) ?? (this.samples.has(parentPid) ? undefined : this.sessions.get(sessionId));
  }
}
