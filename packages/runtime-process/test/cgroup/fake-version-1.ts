import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CgroupFiles, hostCgroupFiles } from '../../src/cgroup/cgroup-files.js';

/** Plain files and directories; each new cgroup gets the files that the one around it has. */
export const fakeVersion1: CgroupFiles = {
  ...hostCgroupFiles,
  makeDirectory: async (path) => {
    mkdirSync(path);
    for (const name of filesIn(dirname(path))) writeFileSync(join(path, name), '');
  },
  removeDirectory: async (path) => {
    if (!existsSync(path)) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    if ((await hostCgroupFiles.directoriesIn(path)).length > 0)
      throw Object.assign(new Error('busy'), { code: 'EBUSY' });
    for (const name of filesIn(path)) rmSync(join(path, name));
    rmdirSync(path);
  },
};

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
