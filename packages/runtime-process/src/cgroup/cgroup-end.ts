import { setTimeout as delay } from 'node:timers/promises';
import { FailedPreconditionError } from '@aurae/proto';
import { type CgroupFiles, unless } from './cgroup-files.js';
import { killMembers, membersOf } from './cgroup-members.js';

const shortestPauseMs = 1;
const longestPauseMs = 100;
const gone = ['ENOENT', 'ENODEV'];

/**
 * Ends all processes in these cgroups and below them, and removes the cgroups. Rejects with `FailedPreconditionError`
 * when that was not possible within `limitMs`: a process is stuck in the kernel.
 */
export async function endCgroups(files: CgroupFiles, directories: readonly string[], limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const left = (await Promise.all(directories.map((directory) => cgroupsBelow(files, directory)))).flat();
    if (left.length === 0) return;
    for (const cgroup of left) await endMembers(files, cgroup);
    if (await removeAll(files, left)) return;
    if (performance.now() >= end) throw await stuck(files, left, limitMs);
    await delay(pauseMs);
  }
}

/** With those inside of it, the innermost last. None when it is not there. */
async function cgroupsBelow(files: CgroupFiles, directory: string): Promise<string[]> {
  const names = await unless(gone, files.directoriesIn(directory));
  if (!names) return [];
  const below = await Promise.all(names.map((name) => cgroupsBelow(files, `${directory}/${name}`)));
  return [directory, ...below.flat()];
}

async function endMembers(files: CgroupFiles, directory: string): Promise<void> {
  if (await tryWrite(files, `${directory}/cgroup.kill`, '1')) return;
  if (await tryWrite(files, `${directory}/cgroup.freeze`, '1')) return killMembers(files, directory);
  const frozen = await tryWrite(files, `${directory}/freezer.state`, 'FROZEN');
  await killMembers(files, directory);
  // Those of the version 1 freezer die only once they are thawed.
  if (frozen) await tryWrite(files, `${directory}/freezer.state`, 'THAWED');
}

/** False when there is no such file. */
async function tryWrite(files: CgroupFiles, path: string, value: string): Promise<boolean> {
  return (
    (await unless(
      gone,
      files.write(path, value).then(() => true),
    )) ?? false
  );
}

/** Whether all are gone. */
async function removeAll(files: CgroupFiles, cgroups: readonly string[]): Promise<boolean> {
  let complete = true;
  for (const cgroup of [...cgroups].reverse()) {
    const removed = await unless(
      ['EBUSY', 'ENOTEMPTY'],
      unless(gone, files.removeDirectory(cgroup)).then(() => true),
    );
    complete &&= removed ?? false;
  }
  return complete;
}

async function stuck(
  files: CgroupFiles,
  cgroups: readonly string[],
  limitMs: number,
): Promise<FailedPreconditionError> {
  const pids = new Set((await Promise.all(cgroups.map((cgroup) => membersOf(files, cgroup)))).flat());
  const who = pids.size > 0 ? `process ${[...pids].slice(0, 10).join(', ')}` : 'a process that the daemon cannot see';
  return new FailedPreconditionError(
    `Cannot remove the cgroup "${cgroups[0] ?? ''}": ${who} did not end within ${limitMs} ms of SIGKILL. ` +
      'It is stuck in the kernel, mostly for a disk or a network file system; try again once that answers',
  );
}
