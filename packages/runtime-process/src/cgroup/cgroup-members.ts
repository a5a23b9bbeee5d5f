import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { nativeBinding } from '../native-binding.js';
import { type CgroupFiles, unless } from './cgroup-files.js';

/** How many descriptors are taken at once. */
const batchSize = 64;
const goneOrThreaded = ['ENOENT', 'ENODEV', 'EOPNOTSUPP'];

/** Pids in exactly this cgroup. One from another pid namespace shows as 0 and cannot be reached. */
export async function membersOf(files: CgroupFiles, directory: string): Promise<number[]> {
  const text = (await unless(goneOrThreaded, files.read(`${directory}/cgroup.procs`))) ?? '';
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

/**
 * Sends SIGKILL to each member. The pidfd is opened first, and membership verified while it is held: so a pid that was
 * reused is never hit.
 */
export async function killMembers(files: CgroupFiles, directory: string): Promise<void> {
  const pids = await membersOf(files, directory);
  for (let start = 0; start < pids.length; start += batchSize) {
    await killBatch(files, directory, pids.slice(start, start + batchSize));
  }
}

async function killBatch(files: CgroupFiles, directory: string, pids: readonly number[]): Promise<void> {
  const opened = pids.map((pid) => ({ pid, pidfd: nativeBinding.pidfdOpen(pid) })).filter(({ pidfd }) => pidfd >= 0);
  try {
    const members = new Set(await membersOf(files, directory));
    for (const { pid, pidfd } of opened) {
      if (members.has(pid)) nativeBinding.pidfdSendSignal(pidfd, constants.signals.SIGKILL);
    }
  } finally {
    for (const { pidfd } of opened) closeSync(pidfd);
  }
}
