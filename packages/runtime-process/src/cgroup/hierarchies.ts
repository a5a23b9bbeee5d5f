import { isAtOrBelow, type Mount, visibleMounts } from './mount-table.js';
import type { OwnCgroup } from './own-cgroups.js';

/** A mounted tree of cgroups. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** Of version 1: controllers, and `name=…`. */
  readonly controllers: readonly string[];
  /** Directory of the cgroup that this process is in; undefined when it lies outside of what is mounted. */
  readonly own: string | undefined;
}

export type CgroupLayout = 'v2' | 'hybrid' | 'v1' | 'none';

/**
 * Those that are mounted at or below `root`, each once. Mounts elsewhere are somebody's private views, of containers
 * above all.
 */
export function findHierarchies(mounts: readonly Mount[], own: readonly OwnCgroup[], root: string): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const mount of visibleMounts(mounts)) {
    if (!isAtOrBelow(mount.mountPoint, root)) continue;
    const hierarchy = hierarchyOf(mount, own);
    const key = hierarchy?.controllers.join();
    if (hierarchy && key !== undefined && !found.has(key)) found.set(key, hierarchy);
  }
  return [...found.values()];
}

export function layoutOf(hierarchies: readonly Hierarchy[]): CgroupLayout {
  const has = (version: 1 | 2) => hierarchies.some((hierarchy) => hierarchy.version === version);
  if (has(2)) return has(1) ? 'hybrid' : 'v2';
  return has(1) ? 'v1' : 'none';
}

function hierarchyOf(mount: Mount, own: readonly OwnCgroup[]): Hierarchy | undefined {
  if (mount.type !== 'cgroup' && mount.type !== 'cgroup2') return undefined;
  const version = mount.type === 'cgroup2' ? 2 : 1;
  // The options also hold flags, such as `rw` and `xattr`: what is a controller is known from the process's own cgroups.
  const cgroup = own.find(({ controllers }) =>
    version === 2 ? controllers.length === 0 : controllers.some((name) => mount.superOptions.includes(name)),
  );
  if (!cgroup) return undefined;
  const { mountPoint } = mount;
  return { version, mountPoint, controllers: cgroup.controllers, own: ownDirectory(mount, cgroup.path) };
}

function ownDirectory({ root, mountPoint }: Mount, path: string): string | undefined {
  // "/.." leads out of the cgroup namespace; a removed cgroup has no directory.
  if (path.split('/').includes('..') || path.endsWith(' (deleted)') || !isAtOrBelow(path, root)) return undefined;
  const inside = path.slice(root === '/' ? 0 : root.length).replace(/\/+$/, '');
  return `${mountPoint}${inside}`;
}
