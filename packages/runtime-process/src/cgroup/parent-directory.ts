import { type CgroupFiles, hasCode, unless } from './cgroup-files.js';

/** The cgroup that holds those of all workloads; several daemons may share it. */
export class ParentDirectory {
  readonly path: string;
  /** From the outermost to the parent itself. */
  readonly levels: readonly string[];
  /** Those levels that were made here, and so may be removed here. */
  readonly made = new Set<string>();

  constructor(
    /** A cgroup that is there. */
    readonly base: string,
    segments: readonly string[],
  ) {
    this.levels = segments.map((_, index) => [base, ...segments.slice(0, index + 1)].join('/'));
    this.path = [base, ...segments].join('/');
    // The parent itself is the product's own, whoever made it.
    this.made.add(this.path);
  }

  /** Of the shims: they must not be in the cgroup that a service manager ends with the daemon. */
  get shims(): string {
    return `${this.path}/shims`;
  }
}

export async function makeParent(files: CgroupFiles, parent: ParentDirectory): Promise<void> {
  for (const level of parent.levels) {
    if (await makeIfAbsent(files, level)) parent.made.add(level);
  }
}

/** Whether it was absent. */
export async function makeIfAbsent(files: CgroupFiles, path: string): Promise<boolean> {
  try {
    await files.makeDirectory(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

const inUseOrGone = ['ENOTEMPTY', 'EBUSY', 'ENOENT', 'EACCES', 'EPERM', 'EROFS'];

/** As far as nothing else is in it. */
export async function removeParent(files: CgroupFiles, parent: ParentDirectory | undefined): Promise<void> {
  if (!parent) return;
  const levels = parent.levels.filter((level) => parent.made.has(level));
  for (const path of [parent.shims, ...levels.reverse()]) await unless(inUseOrGone, files.removeDirectory(path));
}
