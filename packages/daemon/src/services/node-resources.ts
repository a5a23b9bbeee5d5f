import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** What the node has. */
export interface NodeResources {
  /** Online processors. */
  readonly cpus: number;
  readonly memoryTotalBytes: bigint;
  /** What can be had without swapping: MemAvailable of proc_meminfo(5). */
  readonly memoryAvailableBytes: bigint;
}

/** What the kernel does not tell is 0. */
export async function readNodeResources(): Promise<NodeResources> {
  const [meminfo, online] = await Promise.all([read('/proc/meminfo'), read('/sys/devices/system/cpu/online')]);
  return {
    cpus: countCpus(online) || availableParallelism(),
    memoryTotalBytes: lineBytes(meminfo, 'MemTotal'),
    memoryAvailableBytes: lineBytes(meminfo, 'MemAvailable'),
  };
}

async function read(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}

/** Of a list such as `0-3,6`; 0 for what is none. */
export function countCpus(list: string): number {
  const counts = list
    .trim()
    .split(',')
    .map((range) => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
      return Number(last) - Number(first) + 1;
    });
  return counts.every((count) => count > 0) ? counts.reduce((sum, count) => sum + count, 0) : 0;
}

function lineBytes(meminfo: string, key: string): bigint {
  const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1];
  return BigInt(kibibytes ?? 0) * 1024n;
}
