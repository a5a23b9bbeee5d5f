import { existsSync } from 'node:fs';
import type { Placement } from '../cgroup/placement.js';
import { readKernelFile } from './kernel-file.js';

/** In which files of its cgroups the kernel keeps the counts of one run; undefined where no cgroup of it has that. */
export interface CgroupPlaces {
  readonly cpu: CpuFile | undefined;
  readonly memory: string | undefined;
  /** Has the line `oom_kill N`. */
  readonly outOfMemory: string | undefined;
  readonly pids: string | undefined;
  /** The cgroup in which its processes are, or in whose children. */
  readonly members: string | undefined;
}

export interface CpuFile {
  readonly path: string;
  /** `usage_usec` is a line of cpu.stat; cpuacct.usage is nanoseconds, and nothing else. */
  readonly form: 'cpu.stat' | 'cpuacct.usage';
}

/**
 * Looks which there are. `name` is that of the run's cgroups in each parent. A run has cgroups of version 1 only for its
 * limits, and the hybrid layout mostly keeps memory there: so of one and the same run some may be had and others not.
 */
export function findCgroupPlaces(placements: readonly Placement[], name: string): CgroupPlaces {
  const directories = [...placements]
    .sort((one, other) => other.hierarchy.version - one.hierarchy.version)
    .map(({ parent }) => `${parent.path}/${name}`)
    .filter((directory) => existsSync(directory));
  const first = (...names: readonly string[]) =>
    directories.flatMap((directory) => names.map((file) => `${directory}/${file}`)).find((path) => existsSync(path));
  return {
    cpu: cpuFile(first('cpu.stat'), first('cpuacct.usage')),
    memory: first('memory.current', 'memory.usage_in_bytes'),
    outOfMemory: first('memory.events', 'memory.oom_control'),
    pids: first('pids.current'),
    members: directories[0],
  };
}

function cpuFile(stat: string | undefined, accounting: string | undefined): CpuFile | undefined {
  // Version 1 has a cpu.stat too, which tells of its quota alone.
  if (stat !== undefined && cpuUsageUs(stat) !== undefined) return { path: stat, form: 'cpu.stat' };
  return accounting === undefined ? undefined : { path: accounting, form: 'cpuacct.usage' };
}

/** Microseconds; undefined when the cgroup is gone. */
export function readCpuUs({ path, form }: CpuFile): number | undefined {
  if (form === 'cpu.stat') return cpuUsageUs(path);
  const ns = readNumber(path);
  return ns === undefined ? undefined : Math.floor(ns / 1000);
}

function cpuUsageUs(path: string): number | undefined {
  return lineOf(readKernelFile(path), 'usage_usec');
}

/** Undefined when the cgroup is gone. */
export function readNumber(path: string): number | undefined {
  const text = readKernelFile(path);
  return text === undefined || text === '' ? undefined : Number(text);
}

/** Undefined when the cgroup is gone. */
export function readOutOfMemoryKills(path: string): number | undefined {
  return lineOf(readKernelFile(path), 'oom_kill');
}

function lineOf(text: string | undefined, key: string): number | undefined {
  const line = text?.split('\n').find((line) => line.startsWith(`${key} `));
  return line === undefined ? undefined : Number(line.slice(key.length + 1));
}
