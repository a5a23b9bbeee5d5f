import { InvalidSpecError, type runtime } from '@aurae/proto';
import { limitFile, type LimitedResource } from './limited-resource.js';

/** A value to write into a file of a cgroup. */
export interface CgroupSetting {
  readonly file: string;
  readonly value: string;
}

/** Less than this does not even hold the program loader of most programs; below one page the kernel takes it as 0. */
export const leastMemoryBytes = 1024n * 1024n;
const periodUs = 100_000;
/** The longest that the kernel has. */
const longestPeriodUs = 1_000_000;
/** The shortest that the kernel has. */
const shortestQuotaUs = 1000;
/** PID_MAX_LIMIT of 64-bit kernels: higher numbers are refused by pids.max. */
const mostPids = 4_194_304;

const fields: Readonly<Record<LimitedResource, string>> = {
  memory: 'limits.memory_bytes',
  cpu: 'limits.cpu_millis',
  pids: 'limits.pids',
};

/** A limit that was asked for, on its way to the host. */
export interface RequestedLimit {
  readonly resource: LimitedResource;
  /** As the wire names it. */
  readonly field: string;
  readonly amount: bigint;
}

/** Those that are not 0. Throws `InvalidSpecError` for what cannot be right on any host. */
export function requestedLimits(limits: runtime.ResourceLimits | undefined): RequestedLimit[] {
  if (!limits) return [];
  const amounts = { memory: limits.memoryBytes, cpu: BigInt(limits.cpuMillis), pids: BigInt(limits.pids) };
  if (amounts.memory > 0n && amounts.memory < leastMemoryBytes) refuseMemory(amounts.memory);
  return (['memory', 'cpu', 'pids'] as const)
    .filter((resource) => amounts[resource] > 0n)
    .map((resource) => ({ resource, field: fields[resource], amount: amounts[resource] }));
}

function refuseMemory(amount: bigint): never {
  const description = `a limit of ${amount} bytes holds no program; the least is ${leastMemoryBytes} bytes (1 MiB)`;
  throw new InvalidSpecError(`Cannot limit the memory: ${description}`, [{ field: fields.memory, description }]);
}

/** Where a limit is to be set. */
export interface LimitTarget {
  readonly version: 1 | 2;
  readonly directory: string;
  /** One of `swapFiles`. */
  readonly swapFile: string | undefined;
}

/** In the order in which they must be written. */
export function limitSettings({ resource, amount }: RequestedLimit, target: LimitTarget): CgroupSetting[] {
  switch (resource) {
    case 'memory':
      return memorySettings(amount, target);
    case 'cpu':
      return cpuSettings(Number(amount), target);
    case 'pids':
      return [setting(target, 'pids.max', amount > mostPids ? 'max' : String(amount))];
  }
}

/**
 * `memory.oom.group` stays off: the kernel then ends one process, on version 1 as on version 2, and the workload's main
 * process decides what the loss of a worker means, as programs that have workers do.
 */
function memorySettings(amount: bigint, target: LimitTarget): CgroupSetting[] {
  const memory = setting(target, limitFile(target.version, 'memory').name, String(amount));
  if (target.swapFile === undefined) return [memory];
  // This one limits memory and swap together; the others swap alone.
  const swap = target.swapFile === 'memory.memsw.limit_in_bytes' ? String(amount) : '0';
  return [memory, setting(target, target.swapFile, swap)];
}

/** Below a hundredth of a CPU the usual period would ask for less than the shortest quota. */
function cpuSettings(millis: number, target: LimitTarget): CgroupSetting[] {
  const usualQuotaUs = (millis * periodUs) / 1000;
  const period = usualQuotaUs < shortestQuotaUs ? longestPeriodUs : periodUs;
  const quota = (millis * period) / 1000;
  if (target.version === 2) return [setting(target, 'cpu.max', `${quota} ${period}`)];
  return [setting(target, 'cpu.cfs_period_us', String(period)), setting(target, 'cpu.cfs_quota_us', String(quota))];
}

function setting({ directory }: LimitTarget, name: string, value: string): CgroupSetting {
  return { file: `${directory}/${name}`, value };
}
