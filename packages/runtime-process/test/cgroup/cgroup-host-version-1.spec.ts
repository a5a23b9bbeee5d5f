import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { CgroupHost } from '../../src/cgroup/cgroup-host.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { fakeVersion1 } from './fake-version-1.js';

interface FakeMount {
  readonly controllers: string;
  readonly files: readonly string[];
}

const memory = { controllers: 'memory', files: ['memory.limit_in_bytes', 'memory.oom_control', 'memory.swappiness'] };
const cpu = { controllers: 'cpu,cpuacct', files: ['cpu.cfs_period_us', 'cpu.cfs_quota_us'] };
const pids = { controllers: 'pids', files: ['pids.max'] };
const freezer = { controllers: 'freezer', files: ['freezer.state'] };
const systemd = { controllers: 'name=systemd', files: [] };
/** Version 2; its files are those of a tree without controllers. */
const unified = { controllers: '', files: ['cgroup.kill', 'cgroup.controllers', 'cgroup.subtree_control'] };

const limits = runtime.ResourceLimits.fromPartial({ memoryBytes: 1n << 30n, cpuMillis: 500, pids: 5 });

async function detect(...mounts: readonly FakeMount[]): Promise<{ root: string; host: CgroupHost }> {
  const directory = temporaryDirectory();
  const root = join(directory, 'cgroup');
  const lines = mounts.map(({ controllers, files }, index) => {
    const mountPoint = join(root, controllers || 'unified');
    mkdirSync(mountPoint, { recursive: true });
    for (const name of ['cgroup.procs', ...files]) writeFileSync(join(mountPoint, name), '');
    const type = controllers === '' ? 'cgroup2 cgroup2 rw' : `cgroup cgroup rw,xattr,${controllers}`;
    return `${index + 30} 1 0:${index + 30} / ${mountPoint} rw - ${type}`;
  });
  const mountInfoPath = join(directory, 'mountinfo');
  const ownCgroupPath = join(directory, 'own');
  writeFileSync(mountInfoPath, lines.join('\n'));
  writeFileSync(ownCgroupPath, mounts.map(({ controllers }, index) => `${index}:${controllers}:/`).join('\n'));
  return { root, host: await CgroupHost.detect({ root, mountInfoPath, ownCgroupPath, files: fakeVersion1 }) };
}

test('version 1 alone has every limit, and ends workloads by the freezer', async () => {
  const { root, host } = await detect(memory, cpu, pids, freezer, systemd);
  expect(host.layout).toBe('v1');
  expect(Object.values(host.support)).toEqual(Array.from({ length: 4 }, () => ({ available: true })));
  const inEach = (name: string, ...places: readonly string[]) =>
    places.map((place) => `${root}/${place}/aurae/${name}`);
  expect(host.plan('web', limits)).toEqual({
    directories: inEach('default@web', 'freezer', 'memory', 'cpu,cpuacct', 'pids'),
    values: [
      { file: `${root}/memory/aurae/default@web/memory.limit_in_bytes`, value: '1073741824' },
      { file: `${root}/memory/aurae/default@web/memory.swappiness`, value: '0' },
      { file: `${root}/cpu,cpuacct/aurae/default@web/cpu.cfs_period_us`, value: '100000' },
      { file: `${root}/cpu,cpuacct/aurae/default@web/cpu.cfs_quota_us`, value: '50000' },
      { file: `${root}/pids/aurae/default@web/pids.max`, value: '5' },
    ],
    freezer: `${root}/freezer/aurae/default@web`,
    events: `${root}/memory/aurae/default@web/memory.oom_control`,
    shimDirectories: [],
  });
});

test('a hybrid host takes limits from version 1, and ends workloads by version 2', async () => {
  const { root, host } = await detect(memory, cpu, pids, freezer, systemd, unified);
  expect(host.layout).toBe('hybrid');
  const plan = host.plan('web', limits);
  expect(plan.kill).toBe(`${root}/unified/aurae/default@web`);
  expect(plan.directories[0]).toBe(plan.kill);
  expect(plan.freezer).toBeUndefined();
  expect(plan.directories.some((directory) => directory.includes('/freezer/'))).toBe(false);
  expect(plan.values).toHaveLength(5);
});

test('without limits a workload goes into nothing but the cgroup that can end it', async () => {
  const { root, host } = await detect(memory, cpu, pids, freezer, systemd, unified);
  const directory = `${root}/unified/aurae/default@web`;
  const shimDirectories = [`${root}/unified/aurae/shims`];
  expect(host.plan('web', undefined)).toEqual({
    directories: [directory],
    values: [],
    kill: directory,
    shimDirectories,
  });
});

test('a controller that neither version has is refused, and the others hold', async () => {
  const { host } = await detect(memory, unified);
  expect(host.support.memory).toEqual({ available: true });
  expect(host.support.cpu).toMatchObject({ available: false, reason: expect.stringContaining('not "cpu"') });
  expect(host.support.pids).toMatchObject({ available: false });
});

test('controllers that are mounted together share one cgroup', async () => {
  const together = { controllers: 'memory,pids,freezer', files: [...memory.files, ...pids.files, ...freezer.files] };
  const { root, host } = await detect(together);
  const directory = `${root}/memory,pids,freezer/aurae/default@web`;
  expect(host.plan('web', undefined)).toMatchObject({ directories: [directory], freezer: directory });
  expect(host.plan('web', undefined).shimDirectories).toEqual([]);
  expect(host.support.cpu.available).toBe(false);
});

test('without a freezer and version 2 limits hold, but nothing is ended as a whole', async () => {
  const { host } = await detect(memory, pids);
  expect(host.support.pids).toEqual({ available: true });
  expect(host.support.tracking).toMatchObject({ available: false, reason: expect.stringContaining('freezer') });
  expect(host.plan('web', undefined)).not.toHaveProperty('kill');
});
