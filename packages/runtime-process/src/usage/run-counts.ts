import { cgroupProcesses } from './cgroup-processes.js';
import { type CgroupPlaces, readCpuUs, readNumber, readOutOfMemoryKills } from './cgroup-places.js';
import type { KernelUnits } from './kernel-units.js';
import type { RunRoot } from './process-census.js';
import { sampleProcess } from './process-sample.js';
import { type ProcessSum, sumProcesses } from './process-sum.js';

/** What one run uses, however that was found out. */
export interface RunCounts extends ProcessSum {
  /** 0 where nobody counts them. */
  readonly outOfMemoryKills: number;
  /** `processes` where CPU time or memory had to be summed. */
  readonly source: 'cgroup' | 'processes';
}

/**
 * Of a run that has a cgroup. Memory is all that the kernel charges to it, the cache of files and the kernel's own
 * included; nothing is subtracted, since the limit counts the same. Undefined when the run has just ended.
 */
export function cgroupCounts(places: CgroupPlaces, root: RunRoot, units: KernelUnits): RunCounts | undefined {
  const sum = isComplete(places) ? nothing : memberSum(places, root, units);
  const cpuUs = places.cpu ? readCpuUs(places.cpu) : sum?.cpuUs;
  const memoryBytes = places.memory === undefined ? sum?.memoryBytes : readNumber(places.memory);
  const tasks = places.pids === undefined ? sum?.tasks : readNumber(places.pids);
  const outOfMemoryKills = places.outOfMemory === undefined ? 0 : (readOutOfMemoryKills(places.outOfMemory) ?? 0);
  if (cpuUs === undefined || memoryBytes === undefined || tasks === undefined) return undefined;
  return { cpuUs, memoryBytes, tasks, outOfMemoryKills, source: sourceOf(places) };
}

const nothing: ProcessSum = { cpuUs: 0, memoryBytes: 0, tasks: 0 };

function isComplete({ cpu, memory, pids }: CgroupPlaces): boolean {
  return cpu !== undefined && memory !== undefined && pids !== undefined;
}

function sourceOf({ cpu, memory }: CgroupPlaces): RunCounts['source'] {
  return cpu !== undefined && memory !== undefined ? 'cgroup' : 'processes';
}

function memberSum({ members, cpu }: CgroupPlaces, { shimPid }: RunRoot, units: KernelUnits): ProcessSum | undefined {
  const processes = members === undefined ? undefined : cgroupProcesses(members);
  return processes && sumProcesses(processes, cpu ? undefined : sampleProcess(shimPid), units);
}
