import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where the version 2 hierarchy, or that of a version 1 controller, is mounted. */
function mountPoint(controller: string): string | undefined {
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const fields = line.split(' ');
    const type = fields[fields.indexOf('-') + 1];
    const options = fields.at(-1)?.split(',') ?? [];
    const matches = controller === '2' ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller);
    if (matches) return fields[4];
  }
  return undefined;
}

/** A directory for the cgroups of one test in that hierarchy; undefined where the host has or grants none. */
export function trialCgroup(controller: '2' | 'freezer' | 'memory'): string | undefined {
  const root = mountPoint(controller);
  if (root === undefined) return undefined;
  const path = join(root, `aurae-test-${process.pid}`);
  try {
    mkdirSync(path, { recursive: true });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    if (existsSync(path)) rmdirSync(path);
  });
  return path;
}
