import { meta, type observe } from '@aurae/proto';
import type { Placement } from '../cgroup/placement.js';
import type { LiveRun } from '../workload/live-run.js';
import type { Workload } from '../workload/workload.js';
import { type CgroupPlaces, findCgroupPlaces } from './cgroup-places.js';
import { cgroupCounts, type RunCounts } from './run-counts.js';
import { type KernelUnits, readKernelUnits } from './kernel-units.js';
import { ProcessCensus, type RunRoot } from './process-census.js';
import { sumProcesses } from './process-sum.js';
import { TimeSlice } from './time-slice.js';

export interface UsageReaderOptions {
  /** Where the cgroups of runs are. */
  readonly placements: readonly Placement[];
  /** Name of the cgroups of the run with this invocation id. */
  readonly nameOf: (invocationId: string) => string;
  /** Bytes of its log on disk. Default: nobody knows, and 0 is told. */
  readonly logBytes?: (workload: Workload) => number;
}

/** What is remembered of a run from one look to the next. */
interface KnownRun {
  readonly places: CgroupPlaces;
  readonly root: RunRoot;
  /** CPU time never goes back: of processes that have just ended it may be told nowhere for a moment. */
  cpuUs: number;
}

/** Tells what executables use: from their cgroups as far as these have it, else from their processes. */
export class UsageReader {
  private readonly units: KernelUnits = readKernelUnits();
  private readonly runs = new WeakMap<LiveRun, KnownRun>();

  constructor(private readonly options: UsageReaderOptions) {}

  /** Of those that run, and still do when they have been looked at. Never keeps the event loop for long. */
  async read(workloads: readonly Workload[]): Promise<observe.WorkloadUsage[]> {
    const slice = new TimeSlice();
    const census = await ProcessCensus.take(await this.rootsWithoutCgroup(workloads, slice), slice);
    const usages: observe.WorkloadUsage[] = [];
    for (const workload of workloads) {
      const usage = this.usageOf(workload, census);
      if (usage) usages.push(usage);
      if (slice.isOver) await slice.yield();
    }
    return usages;
  }

  private async rootsWithoutCgroup(workloads: readonly Workload[], slice: TimeSlice): Promise<RunRoot[]> {
    const roots: RunRoot[] = [];
    for (const { phase } of workloads) {
      if (phase.kind !== 'running') continue;
      const { places, root } = this.known(phase.run);
      if (places.members === undefined) roots.push(root);
      if (slice.isOver) await slice.yield();
    }
    return roots;
  }

  private usageOf(workload: Workload, census: ProcessCensus): observe.WorkloadUsage | undefined {
    const { phase } = workload;
    if (phase.kind !== 'running') return undefined;
    const { run } = phase;
    const known = this.known(run);
    const counts = known.places.members === undefined ? this.censusCounts(known, census) : this.ownCounts(known);
    if (!counts) return undefined;
    known.cpuUs = Math.max(known.cpuUs, counts.cpuUs);
    return {
      workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: workload.spec.name },
      startedAtMs: BigInt(run.startedAtMs),
      cpuUs: BigInt(Math.round(known.cpuUs)),
      memoryBytes: BigInt(counts.memoryBytes),
      memoryLimitBytes: workload.executable.limits?.memoryBytes ?? 0n,
      pids: counts.tasks,
      oomKills: BigInt(counts.outOfMemoryKills),
      source: counts.source,
      logBytes: BigInt(this.options.logBytes?.(workload) ?? 0),
      logLostRecords: BigInt(run.logLost),
    };
  }

  private ownCounts({ places, root }: KnownRun): RunCounts | undefined {
    return cgroupCounts(places, root, this.units);
  }

  /** Undefined when it began after the processes were counted. */
  private censusCounts({ root }: KnownRun, census: ProcessCensus): RunCounts | undefined {
    const members = census.of(root);
    if (!members) return undefined;
    const sum = sumProcesses(members, census.process(root.shimPid), this.units);
    return { ...sum, outOfMemoryKills: 0, source: 'processes' };
  }

  private known(run: LiveRun): KnownRun {
    const known = this.runs.get(run);
    if (known) return known;
    const name = this.options.nameOf(run.identity.record.invocationId);
    const places = findCgroupPlaces(this.options.placements, name);
    const found = { places, root: { shimPid: run.shimPid, sessionId: run.firstPid }, cpuUs: 0 };
    this.runs.set(run, found);
    return found;
  }
}
