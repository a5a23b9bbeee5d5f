import { readdirSync, statSync } from 'node:fs';
import { readKernelFile } from './kernel-file.js';
import { type ProcessSample, sampleProcess } from './process-sample.js';

/** The processes in a cgroup and in those below it. Undefined when it is gone. */
export function cgroupProcesses(directory: string): ProcessSample[] | undefined {
  const text = readKernelFile(`${directory}/cgroup.procs`);
  if (text === undefined) return undefined;
  // Version 1 may name one twice, and one of another pid namespace is 0.
  const pids = new Set(
    text
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0),
  );
  const own = [...pids].flatMap((pid) => sampleProcess(pid) ?? []);
  const below = childCgroups(directory).flatMap((child) => cgroupProcesses(child) ?? []);
  return below.length === 0 ? own : [...own, ...below];
}

/** A workload of root may make cgroups in its own, as container engines do. */
function childCgroups(directory: string): string[] {
  try {
    // A cgroup has as many links as directories in it, and two: mostly that saves reading it.
    if (statSync(directory).nlink === 2) return [];
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${directory}/${name}`);
  } catch {
    return [];
  }
}
