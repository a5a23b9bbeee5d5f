import { randomBytes } from 'node:crypto';
import { type CgroupFiles, hasCode, unless } from './cgroup-files.js';
import type { Hierarchy } from './hierarchies.js';
import { type LimitedResource, limitFile, swapFiles } from './limited-resource.js';
import { isAtOrBelow } from './mount-table.js';
import type { ParentDirectory } from './parent-directory.js';
import { available, refusalOf, type Support } from './support.js';

/** What a cgroup in the parent can do. */
export interface Trial {
  readonly resources: ReadonlyMap<LimitedResource, Support>;
  readonly swapFile: string | undefined;
  readonly canEnd: boolean;
}

const prefix = 'trial@';

/** Makes a cgroup, looks what it can do, and removes it. Rejects when no process could be put into one. */
export async function tryOut(
  files: CgroupFiles,
  hierarchy: Hierarchy,
  parent: ParentDirectory,
  wanted: readonly LimitedResource[],
): Promise<Trial> {
  await removeAbandonedTrials(files, parent);
  const directory = `${parent.path}/${prefix}${process.pid}-${randomBytes(6).toString('hex')}`;
  await files.makeDirectory(directory);
  try {
    await checkEnterable(files, hierarchy, directory);
    return {
      resources: await tryLimits(files, hierarchy, directory, wanted),
      swapFile: await firstThatExists(files, directory, swapFiles[hierarchy.version]),
      canEnd: await tryEnding(files, hierarchy, directory),
    };
  } finally {
    await files.removeDirectory(directory);
  }
}

/** On version 2, who moves a process must also be allowed to write to what the old and the new cgroup lie in. */
async function checkEnterable(
  files: CgroupFiles,
  { version, mountPoint, own }: Hierarchy,
  directory: string,
): Promise<void> {
  await files.checkWritable(`${directory}/cgroup.procs`);
  if (version === 1) return;
  const type = (await unless(['ENOENT'], files.read(`${directory}/cgroup.type`)))?.trim();
  if (type !== undefined && type !== 'domain') throw new Error(`its type is "${type}", not "domain"`);
  await files.checkWritable(`${commonAncestor(own ?? mountPoint, directory)}/cgroup.procs`);
}

function commonAncestor(one: string, other: string): string {
  let ancestor = one;
  while (!isAtOrBelow(other, ancestor)) ancestor = ancestor.slice(0, ancestor.lastIndexOf('/'));
  return ancestor;
}

async function tryLimits(
  files: CgroupFiles,
  { version }: Hierarchy,
  directory: string,
  wanted: readonly LimitedResource[],
): Promise<Map<LimitedResource, Support>> {
  const resources = new Map<LimitedResource, Support>();
  for (const resource of wanted) {
    const { name, unlimited } = limitFile(version, resource);
    try {
      await files.write(`${directory}/${name}`, unlimited);
      resources.set(resource, available);
    } catch (error) {
      resources.set(
        resource,
        refusalOf(`write to ${name} in a cgroup below "${directory.slice(0, directory.lastIndexOf('/'))}"`, error),
      );
    }
  }
  return resources;
}

async function tryEnding(files: CgroupFiles, { version, controllers }: Hierarchy, directory: string): Promise<boolean> {
  if (version === 2) return (await firstThatExists(files, directory, ['cgroup.kill', 'cgroup.freeze'])) !== undefined;
  return controllers.includes('freezer') && files.exists(`${directory}/freezer.state`);
}

async function firstThatExists(
  files: CgroupFiles,
  directory: string,
  names: readonly string[],
): Promise<string | undefined> {
  for (const name of names) if (await files.exists(`${directory}/${name}`)) return name;
  return undefined;
}

/** Of daemons that were killed during theirs: nobody else would remove them. */
async function removeAbandonedTrials(files: CgroupFiles, parent: ParentDirectory): Promise<void> {
  for (const name of (await unless(['ENOENT'], files.directoriesIn(parent.path))) ?? []) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    await unless(['ENOENT', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'], files.removeDirectory(`${parent.path}/${name}`));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
