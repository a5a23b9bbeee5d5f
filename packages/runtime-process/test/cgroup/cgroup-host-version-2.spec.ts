import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FailedPreconditionError, InvalidSpecError, runtime } from '@aurae/proto';
import { describe, expect, test } from 'vitest';
import { CgroupHost, type CgroupHostOptions } from '../../src/cgroup/cgroup-host.js';
import { temporaryDirectory } from '../temporary-directory.js';
import { FakeCgroupTree } from './fake-cgroup-tree.js';

interface Fake {
  readonly tree: FakeCgroupTree;
  readonly root: string;
  /** In which cgroup the daemon is. */
  detect(own: string, options?: CgroupHostOptions): Promise<CgroupHost>;
}

function fakeHost(controllers = ['cpuset', 'cpu', 'io', 'memory', 'pids'], isRealRoot = true): Fake {
  const directory = temporaryDirectory();
  const root = join(directory, 'cgroup');
  mkdirSync(root);
  const tree = new FakeCgroupTree(root, controllers, isRealRoot);
  const mountInfoPath = join(directory, 'mountinfo');
  const ownCgroupPath = join(directory, 'own');
  writeFileSync(mountInfoPath, `30 24 0:26 / ${root} rw - cgroup2 cgroup2 rw\n`);
  const detect = (own: string, options: CgroupHostOptions = {}) => {
    writeFileSync(ownCgroupPath, `0::${own}\n`);
    return CgroupHost.detect({ root, mountInfoPath, ownCgroupPath, files: tree, ...options });
  };
  return { tree, root, detect };
}

const limits = (some: Partial<runtime.ResourceLimits>) => runtime.ResourceLimits.fromPartial(some);
const granted = ({ support }: CgroupHost) =>
  Object.entries(support).flatMap(([name, { available }]) => (available ? [name] : []));
const all = ['memory', 'cpu', 'pids', 'tracking'];

function refusalOf(host: CgroupHost, what: keyof CgroupHost['support']): string {
  const { [what]: support } = host.support;
  return support.available ? '' : `${support.reason}. ${support.remedy}`;
}

describe('a daemon of root', () => {
  test('puts workloads below the root, with every limit', async () => {
    const { tree, root, detect } = fakeHost();
    tree.addOccupied('system.slice');
    const host = await detect('/system.slice');
    expect(host.layout).toBe('v2');
    expect(granted(host)).toEqual(all);
    const directory = `${root}/aurae/default@web`;
    expect(host.plan('web', limits({ memoryBytes: 1n << 30n, cpuMillis: 250, pids: 9 }))).toEqual({
      directories: [directory],
      values: [
        { file: `${directory}/memory.max`, value: '1073741824' },
        { file: `${directory}/memory.swap.max`, value: '0' },
        { file: `${directory}/cpu.max`, value: '25000 100000' },
        { file: `${directory}/pids.max`, value: '9' },
      ],
      kill: directory,
      events: `${directory}/memory.events`,
      shimDirectories: [`${root}/aurae/shims`],
    });
    await host.dispose();
    expect(readdirSync(root)).not.toContain('aurae');
  });

  test('takes a parent of several levels, and leaves those that were there', async () => {
    const { tree, root, detect } = fakeHost();
    tree.addOccupied('machine.slice');
    writeFileSync(join(root, 'machine.slice/cgroup.procs'), '');
    const host = await detect('/', { parent: 'machine.slice/some/aurae' });
    expect(granted(host)).toEqual(all);
    expect(host.parents).toEqual([`${root}/machine.slice/some/aurae`]);
    await host.dispose();
    expect(readdirSync(join(root, 'machine.slice'))).not.toContain('some');
  });

  test('leaves swap alone where the kernel does not account it', async () => {
    const { tree, detect } = fakeHost();
    tree.missingFiles.add('memory.swap.max');
    const { values } = (await detect('/')).plan('web', limits({ memoryBytes: 1n << 30n }));
    expect(values).toHaveLength(1);
  });

  test('a controller that is missing takes no other with it, and its limit is refused with the remedy', async () => {
    const { detect } = fakeHost(['cpu', 'pids']);
    const host = await detect('/');
    expect(granted(host)).toEqual(['cpu', 'pids', 'tracking']);
    expect(refusalOf(host, 'memory')).toMatch(/has only cpu, pids, not "memory".*cgroup_enable=memory/);
    const start = () => host.plan('web', limits({ memoryBytes: 1n << 30n, pids: 5 }));
    expect(start).toThrow(FailedPreconditionError);
    expect(start).toThrow(/"limits.memory_bytes" of 1073741824/);
    expect(host.plan('web', limits({ pids: 5 })).values).toHaveLength(1);
    expect(host.plan('web', undefined)).not.toHaveProperty('events');
  });

  test('a kernel without CPU bandwidth control refuses that limit alone', async () => {
    const { tree, detect } = fakeHost();
    tree.missingFiles.add('cpu.max');
    const host = await detect('/');
    expect(granted(host)).toEqual(['memory', 'pids', 'tracking']);
    expect(refusalOf(host, 'cpu')).toContain('cpu.max');
  });

  test('a file system that cannot be written is told as such, and plans are empty', async () => {
    const { tree, root, detect } = fakeHost();
    tree.refusals.set(root, 'EROFS');
    const messages: string[] = [];
    const host = await detect('/', { log: (message) => messages.push(message) });
    expect(granted(host)).toEqual([]);
    expect(refusalOf(host, 'tracking')).toMatch(/EROFS.*--privileged/);
    expect(host.plan('web', undefined)).toEqual({ directories: [], values: [], shimDirectories: [] });
    expect(messages).toHaveLength(4);
    await host.cleanUp('web');
    expect(await host.list()).toEqual([]);
    await host.dispose();
  });
});

describe('delegation', () => {
  test('a unit with a subgroup for the daemon has workloads beside it', async () => {
    const { tree, root, detect } = fakeHost();
    await enableAll(tree, root);
    tree.addOccupied('auraed.service');
    writeFileSync(join(root, 'auraed.service/cgroup.procs'), '');
    tree.addOccupied('auraed.service/daemon');
    tree.refusals.set(`${root}/aurae`, 'EACCES');
    const host = await detect('/auraed.service/daemon');
    expect(granted(host)).toEqual(all);
    expect(host.parents).toEqual([`${root}/auraed.service/aurae`]);
  });

  test('a unit without a subgroup tracks, and says how to get limits', async () => {
    const { tree, root, detect } = fakeHost();
    await enableAll(tree, root);
    tree.addOccupied('system.slice');
    tree.addOccupied('system.slice/auraed.service');
    await tree.write(`${root}/system.slice/cgroup.procs`, '');
    await enableAll(tree, `${root}/system.slice`);
    tree.refusals.set(`${root}/aurae`, 'EACCES').set(`${root}/system.slice/aurae`, 'EACCES');
    const host = await detect('/system.slice/auraed.service');
    expect(granted(host)).toEqual(['tracking']);
    expect(host.parents).toEqual([`${root}/system.slice/auraed.service/aurae`]);
    expect(refusalOf(host, 'pids')).toMatch(/Processes are in.*DelegateSubgroup=daemon/);
  });

  test('a place with limits is preferred to one without, where nothing is left', async () => {
    const { tree, root, detect } = fakeHost(['memory', 'pids'], false);
    tree.addOccupied('user');
    writeFileSync(join(root, 'cgroup.procs'), '');
    await enableAll(tree, root, ['memory', 'pids']);
    writeFileSync(join(root, 'user/cgroup.procs'), '');
    tree.addOccupied('user/session');
    tree.refusals.set(`${root}/aurae/cgroup.subtree_control`, 'EACCES');
    const host = await detect('/user/session');
    expect(host.parents).toEqual([`${root}/user/aurae`]);
    expect(granted(host)).toEqual(['memory', 'pids', 'tracking']);
    expect(readdirSync(root)).not.toContain('aurae');
  });

  test('a container whose processes are in the root of what it sees can only track', async () => {
    const { root, detect } = fakeHost(undefined, false);
    writeFileSync(join(root, 'cgroup.procs'), '1\n');
    const host = await detect('/');
    expect(granted(host)).toEqual(['tracking']);
    expect(refusalOf(host, 'memory')).toContain('in a container, move them all into a cgroup below');
  });

  test('a place where processes may not be moved from the own cgroup is none', async () => {
    const { tree, root, detect } = fakeHost();
    tree.addOccupied('mine');
    tree.refusals.set(`${root}/cgroup.procs`, 'EACCES');
    const host = await detect('/mine');
    expect(host.parents).toEqual([`${root}/mine/aurae`]);
  });
});

describe('the parent', () => {
  test('that another daemon has removed is made again, with its controllers', async () => {
    const { tree, root, detect } = fakeHost();
    const [one, other] = [await detect('/'), await detect('/')];
    await other.dispose();
    expect(readdirSync(root)).not.toContain('aurae');
    await one.prepare();
    await tree.makeDirectory(`${root}/aurae/default@web`);
    expect(readdirSync(`${root}/aurae/default@web`)).toContain('memory.max');
    expect(readdirSync(`${root}/aurae`)).toContain('shims');
  });

  test('that another daemon removes during the trial is made again', async () => {
    const { tree, root, detect } = fakeHost();
    const { makeDirectory } = tree;
    let removals = 0;
    tree.makeDirectory = async (path) => {
      if (path.includes('trial@') && removals++ < 3) await tree.removeDirectory(`${root}/aurae`);
      await makeDirectory.call(tree, path);
    };
    expect(granted(await detect('/'))).toEqual(all);
    expect(removals).toBe(4);
  });

  test('that cannot be kept is given up on, with the reason', async () => {
    const { tree, root, detect } = fakeHost();
    const { makeDirectory } = tree;
    tree.makeDirectory = async (path) => {
      if (path.includes('trial@')) await tree.removeDirectory(`${root}/aurae`);
      await makeDirectory.call(tree, path);
    };
    expect(refusalOf(await detect('/'), 'tracking')).toContain('ENOENT');
  });

  test('loses what a daemon has left that was killed during its trial, but not that of one alive', async () => {
    const { tree, root, detect } = fakeHost();
    const first = await detect('/');
    await tree.makeDirectory(`${root}/aurae/trial@4194999-ab`);
    await tree.makeDirectory(`${root}/aurae/trial@${process.pid}-ab`);
    await detect('/');
    expect(await tree.directoriesIn(`${root}/aurae`)).toEqual(['shims', `trial@${process.pid}-ab`]);
    expect(await first.list()).toEqual([]);
  });

  test('stays while a workload is in it, and lists those of its scope alone', async () => {
    const { tree, root, detect } = fakeHost();
    const [mine, theirs] = [await detect('/', { scope: 'mine' }), await detect('/', { scope: 'theirs' })];
    for (const [directory] of [mine.plan('a.1', undefined), theirs.plan('b', undefined)].map(
      (plan) => plan.directories,
    )) {
      await tree.makeDirectory(directory ?? '');
    }
    expect(await mine.list()).toEqual(['a.1']);
    expect(await theirs.list()).toEqual(['b']);
    await mine.dispose();
    await mine.dispose();
    expect(readFileSync(`${root}/aurae/mine@a.1/pids.max`, 'utf8')).toBe('');
    rmSync(root, { recursive: true });
    expect(await mine.list()).toEqual([]);
  });

  test.each(['', '/', '..', 'a/../b', 'a b', 'a=b', 'a\0b'])('cannot be %j', async (parent) => {
    await expect(fakeHost().detect('/', { parent })).rejects.toThrow(InvalidSpecError);
  });

  test.each(['', '../x', 'a/b', 'a@b', 'x'.repeat(121)])('has no workload of the id %j', async (id) => {
    const host = await fakeHost().detect('/');
    expect(() => host.plan(id, undefined)).toThrow(InvalidSpecError);
    await expect(host.cleanUp(id)).rejects.toThrow(InvalidSpecError);
  });
});

async function enableAll(
  tree: FakeCgroupTree,
  directory: string,
  controllers = ['memory', 'cpu', 'pids'],
): Promise<void> {
  for (const controller of controllers) await tree.write(`${directory}/cgroup.subtree_control`, `+${controller}`);
}
