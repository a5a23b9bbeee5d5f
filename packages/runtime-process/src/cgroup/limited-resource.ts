/** What can be limited, named as its cgroup controller. */
export type LimitedResource = 'memory' | 'cpu' | 'pids';

export const limitedResources: readonly LimitedResource[] = ['memory', 'cpu', 'pids'];

interface LimitFile {
  readonly name: string;
  /** What is in it when nothing is limited. */
  readonly unlimited: string;
}

const filesOfVersion1: Readonly<Record<LimitedResource, LimitFile>> = {
  memory: { name: 'memory.limit_in_bytes', unlimited: '-1' },
  cpu: { name: 'cpu.cfs_quota_us', unlimited: '-1' },
  pids: { name: 'pids.max', unlimited: 'max' },
};

const filesOfVersion2: Readonly<Record<LimitedResource, LimitFile>> = {
  memory: { name: 'memory.max', unlimited: 'max' },
  cpu: { name: 'cpu.max', unlimited: 'max 100000' },
  pids: { name: 'pids.max', unlimited: 'max' },
};

export function limitFile(version: 1 | 2, resource: LimitedResource): LimitFile {
  return (version === 1 ? filesOfVersion1 : filesOfVersion2)[resource];
}

/** Keeps swap from making a limit of memory void: the first of these that a cgroup has is set. */
export const swapFiles: Readonly<Record<1 | 2, readonly string[]>> = {
  1: ['memory.memsw.limit_in_bytes', 'memory.swappiness'],
  2: ['memory.swap.max'],
};
