import { type CgroupFiles, hasCode, readWords } from './cgroup-files.js';
import type { LimitedResource } from './limited-resource.js';
import type { ParentDirectory } from './parent-directory.js';
import { internalProcesses, notHandedDown, type Refusal, refusalOf } from './support.js';

/**
 * Hands the controllers of version 2 down to the children of the parent, each by itself, so that one which is missing
 * takes no other with it. Those that were refused, with the first cause.
 */
export async function handDown(
  files: CgroupFiles,
  parent: ParentDirectory,
  wanted: readonly LimitedResource[],
): Promise<Map<LimitedResource, Refusal>> {
  const refused = new Map<LimitedResource, Refusal>();
  for (const directory of [parent.base, ...parent.levels]) {
    const offered = await readWords(files, `${directory}/cgroup.controllers`);
    const handedDown = await readWords(files, `${directory}/cgroup.subtree_control`);
    for (const controller of wanted) {
      if (refused.has(controller) || handedDown.includes(controller)) continue;
      const refusal = offered.includes(controller)
        ? await enable(files, directory, controller)
        : notHandedDown(controller, directory, offered);
      if (refusal) refused.set(controller, refusal);
    }
  }
  return refused;
}

async function enable(files: CgroupFiles, directory: string, controller: string): Promise<Refusal | undefined> {
  try {
    await files.write(`${directory}/cgroup.subtree_control`, `+${controller}`);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'EBUSY')) return internalProcesses(directory);
    return refusalOf(`hand the controller "${controller}" down from "${directory}"`, error);
  }
}
