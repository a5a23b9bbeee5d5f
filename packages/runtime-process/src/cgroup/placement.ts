import { type CgroupFiles, hasCode } from './cgroup-files.js';
import { handDown } from './controller-delegation.js';
import type { Hierarchy } from './hierarchies.js';
import type { LimitedResource } from './limited-resource.js';
import { isAtOrBelow } from './mount-table.js';
import { makeParent, ParentDirectory, removeParent } from './parent-directory.js';
import { type Refusal, refusalOf, type Support } from './support.js';
import { tryOut } from './trial.js';

/** Where in one hierarchy the cgroups of workloads go, and what can be done there. */
export interface Placement {
  readonly hierarchy: Hierarchy;
  readonly parent: ParentDirectory;
  readonly resources: ReadonlyMap<LimitedResource, Support>;
  /** One of `swapFiles`. */
  readonly swapFile: string | undefined;
  /** Whether the processes of a cgroup can be ended as a whole: cgroup.kill, cgroup.freeze, or the freezer. */
  readonly canEnd: boolean;
}

/**
 * Tries each place where the parent may be: the root of the hierarchy, beside the daemon's own cgroup, below it. The
 * first one that grants most is taken; nothing is left at the others.
 */
export async function findPlacement(
  files: CgroupFiles,
  hierarchy: Hierarchy,
  segments: readonly string[],
  wanted: readonly LimitedResource[],
): Promise<Placement | Refusal> {
  let best: Placement | undefined;
  let firstRefusal: Refusal | undefined;
  for (const base of candidateBases(hierarchy)) {
    const result = await tryPlacement(files, hierarchy, new ParentDirectory(base, segments), wanted);
    if ('available' in result) {
      firstRefusal ??= result;
      continue;
    }
    const isBetter = !best || grants(result) > grants(best);
    await removeParent(files, isBetter ? best?.parent : result.parent);
    if (isBetter) best = result;
    if (grants(result) === wanted.length) return result;
  }
  return (
    best ?? firstRefusal ?? refusalOf(`use the cgroups in "${hierarchy.mountPoint}"`, new Error('it has no place'))
  );
}

function candidateBases({ mountPoint, own }: Hierarchy): string[] {
  if (own === undefined) return [mountPoint];
  const beside = own.slice(0, own.lastIndexOf('/'));
  return [...new Set([mountPoint, beside, own])].filter((base) => isAtOrBelow(base, mountPoint));
}

function grants({ resources }: Placement): number {
  return [...resources.values()].filter(({ available }) => available).length;
}

/** Another daemon that ends may remove the parent under us, as long as it finds it empty. */
const attempts = 10;

async function tryPlacement(
  files: CgroupFiles,
  hierarchy: Hierarchy,
  parent: ParentDirectory,
  wanted: readonly LimitedResource[],
): Promise<Placement | Refusal> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryOnce(files, hierarchy, parent, wanted);
    } catch (error) {
      await removeParent(files, parent);
      if (attempt === attempts || !hasCode(error, 'ENOENT')) return refusalOf(`use the cgroup "${parent.path}"`, error);
    }
  }
}

async function tryOnce(
  files: CgroupFiles,
  hierarchy: Hierarchy,
  parent: ParentDirectory,
  wanted: readonly LimitedResource[],
): Promise<Placement> {
  await makeParent(files, parent);
  const refused = hierarchy.version === 2 ? await handDown(files, parent, wanted) : [];
  const trial = await tryOut(files, hierarchy, parent, wanted);
  return { hierarchy, parent, ...trial, resources: new Map([...trial.resources, ...refused]) };
}
