import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ParentDirectory } from '../../src/cgroup/parent-directory.js';
import type { Placement } from '../../src/cgroup/placement.js';
import { findCgroupPlaces } from '../../src/usage/cgroup-places.js';
import { cgroupCounts } from '../../src/usage/run-counts.js';
import { temporaryDirectory } from '../temporary-directory.js';

const root = { shimPid: 0, sessionId: 0 };
const units = { pageBytes: 4096, tickUs: 10_000 };

/** Plain files in place of those of the kernel, in the cgroup `run` of each hierarchy. */
class Hierarchies {
  readonly placements: Placement[] = [];
  private readonly root = temporaryDirectory();

  add(version: 1 | 2, name: string, files: Readonly<Record<string, string>>): this {
    const mountPoint = join(this.root, name);
    const hierarchy = { version, mountPoint, controllers: [], own: undefined };
    const parent = new ParentDirectory(mountPoint, ['aurae']);
    mkdirSync(join(parent.path, 'run'), { recursive: true });
    for (const [file, text] of Object.entries(files)) writeFileSync(join(parent.path, 'run', file), text);
    this.placements.push({ hierarchy, parent, resources: new Map(), swapFile: undefined, canEnd: true });
    return this;
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

const procs = { 'cgroup.procs': `${process.pid}\n0\n${process.pid}\n` };

test('version 2 tells everything by itself', () => {
  const { placements } = new Hierarchies().add(2, 'unified', {
    ...procs,
    'cpu.stat': 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n',
    'memory.current': '8192\n',
    'memory.events': 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\noom_group_kill 0\n',
    'pids.current': '17\n',
  });
  const counts = cgroupCounts(findCgroupPlaces(placements, 'run'), root, units);
  expect(counts).toEqual({ cpuUs: 1_234_567, memoryBytes: 8192, tasks: 17, outOfMemoryKills: 2, source: 'cgroup' });
});

test('version 1 tells it in the hierarchies of its controllers', () => {
  const { placements } = new Hierarchies()
    .add(1, 'freezer', procs)
    .add(1, 'cpu,cpuacct', { ...procs, 'cpu.stat': 'nr_periods 9\n', 'cpuacct.usage': '5000999\n' })
    .add(1, 'memory', {
      ...procs,
      'memory.usage_in_bytes': '4096\n',
      'memory.oom_control': 'under_oom 0\noom_kill 4\n',
    })
    .add(1, 'pids', { ...procs, 'pids.current': '3\n' });
  const counts = cgroupCounts(findCgroupPlaces(placements, 'run'), root, units);
  expect(counts).toEqual({ cpuUs: 5000, memoryBytes: 4096, tasks: 3, outOfMemoryKills: 4, source: 'cgroup' });
});

test('where both versions are, CPU time is of version 2, and what no cgroup has is summed over the members', () => {
  const { placements } = new Hierarchies()
    .add(1, 'cpu', { ...procs, 'cpuacct.usage': '1\n' })
    .add(2, 'unified', { ...procs, 'cpu.stat': 'usage_usec 42\n' });
  const counts = cgroupCounts(findCgroupPlaces(placements, 'run'), root, units);
  expect(counts).toMatchObject({ cpuUs: 42, outOfMemoryKills: 0, source: 'processes' });
  // This process, once.
  const rss = process.memoryUsage.rss();
  expect(Math.abs((counts?.memoryBytes ?? 0) - rss)).toBeLessThan(rss / 4);
  expect(counts?.tasks).toBeGreaterThan(1);
});

test('processes in cgroups that the workload has made in its own count too', () => {
  const hierarchies = new Hierarchies().add(2, 'unified', { 'cgroup.procs': '' });
  const inner = join(hierarchies.placements[0]?.parent.path ?? '', 'run', 'inner');
  mkdirSync(inner);
  writeFileSync(join(inner, 'cgroup.procs'), `${process.pid}\n`);
  const places = findCgroupPlaces(hierarchies.placements, 'run');
  expect(cgroupCounts(places, root, units)?.tasks).toBeGreaterThan(1);
});

test('a run whose cgroups are gone uses nothing that could be told', () => {
  const hierarchies = new Hierarchies().add(2, 'unified', {
    ...procs,
    'cpu.stat': 'usage_usec 42\n',
    'memory.current': '1\n',
  });
  const places = findCgroupPlaces(hierarchies.placements, 'run');
  expect(cgroupCounts(places, root, units)).toBeDefined();
  // It may go between two looks.
  rmSync(places.memory ?? '');
  expect(cgroupCounts(places, root, units)).toBeUndefined();
  hierarchies.remove();
  expect(cgroupCounts(places, root, units)).toBeUndefined();
  expect(findCgroupPlaces(hierarchies.placements, 'run').members).toBeUndefined();
});
