import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailedPreconditionError, runtime } from '@aurae/proto';
import { afterEach, describe, expect, test } from 'vitest';
import { type CgroupFiles, hostCgroupFiles } from '../../src/cgroup/cgroup-files.js';
import { CgroupHost, type CgroupHostOptions } from '../../src/cgroup/cgroup-host.js';
import { killMembers } from '../../src/cgroup/cgroup-members.js';
import { temporaryDirectory } from '../temporary-directory.js';
import {
  applyPlan,
  expectGone,
  firstLine,
  holdCommand,
  leftCgroups,
  pidsIn,
  removePlanned,
  testParent,
} from './real-cgroups.js';

const hosts: CgroupHost[] = [];

async function detect(options: CgroupHostOptions = {}): Promise<CgroupHost> {
  const host = await CgroupHost.detect({ parent: testParent, ...options });
  hosts.push(host);
  return host;
}

afterEach(async () => {
  for (const host of hosts.splice(0)) {
    for (const id of await host.list()) await host.cleanUp(id);
    await host.dispose();
  }
  expect(leftCgroups(), 'cgroups left').toEqual([]);
});

const limits = (some: Partial<runtime.ResourceLimits>) => runtime.ResourceLimits.fromPartial(some);

/** What this host grants decides what can be tested on it. */
const granted = await grantedHere();

async function grantedHere() {
  const host = await CgroupHost.detect({ parent: testParent });
  await host.dispose();
  return host.support;
}

describe.runIf(granted.memory.available)('a limit of memory', () => {
  test('ends a process that takes more, and the kill is in the events file', async () => {
    const host = await detect();
    const plan = host.plan('eater', limits({ memoryBytes: 16n << 20n }));
    const eater = holdCommand('tail /dev/zero; echo "tail ended with $?"; sleep 0');
    applyPlan(plan, eater.pid);
    eater.release();
    expect(await firstLine(eater.child)).toBe('tail ended with 137');
    await eater.ended;
    expect(readFileSync(plan.events ?? '', 'utf8')).toMatch(/^oom_kill 1$/m);
    removePlanned(plan);
  });

  test('of the least that is allowed still runs a program', async () => {
    const host = await detect();
    const plan = host.plan('small', limits({ memoryBytes: 1n << 20n }));
    const command = holdCommand('exec /bin/true');
    applyPlan(plan, command.pid);
    command.release();
    expect(await command.ended).toEqual([0, null]);
    removePlanned(plan);
  });
});

test.runIf(granted.pids.available).each([
  ['cgroup.kill', /nothing/],
  ['cgroup.freeze', /cgroup\.kill$/],
])('a limit of pids holds against a fork bomb, which is then ended by %s', async (_, refused) => {
  const host = await detect({ files: withWrites(refused, 'ENOENT') });
  const plan = host.plan('bomb', limits({ pids: 20 }));
  const bomb = holdCommand(`exec ${compiledForkBomb()}`);
  applyPlan(plan, bomb.pid);
  bomb.release();
  const [directory = ''] = plan.directories;
  expect(await firstLine(bomb.child)).toBe('full');
  expect(pidsIn(directory).length).toBe(20);
  await host.cleanUp('bomb');
  expectGone(plan);
  expect(await bomb.ended).toEqual([null, 'SIGKILL']);
});

test.runIf(granted.memory.available && granted.cpu.available && granted.pids.available).each([
  { memoryBytes: 18_446_744_073_709_551_615n, cpuMillis: 4_294_967_295, pids: 4_294_967_295 },
  { memoryBytes: 1_048_576n, cpuMillis: 1, pids: 1 },
  { memoryBytes: 1_048_577n, cpuMillis: 9, pids: 4_194_304 },
])('the kernel takes the limits %o', async (some) => {
  const host = await detect();
  const plan = host.plan('extreme', limits(some));
  const command = holdCommand('exec /bin/true');
  applyPlan(plan, command.pid);
  command.release();
  await command.ended;
  removePlanned(plan);
});

describe.runIf(granted.tracking.available)('cleanUp', () => {
  const tree = '(setsid sh -c "trap \\"\\" TERM HUP; sleep 1000 & echo ready; wait" &) ; sleep 1000';

  test('ends those that left the session, and removes the cgroups with those inside of them', async () => {
    const host = await detect();
    await expectCleanUp(host, tree);
  });

  test('finds nothing to do the second time, and for an unknown id', async () => {
    const host = await detect();
    await host.cleanUp('nobody');
    expect(await host.list()).toEqual([]);
  });

  test.runIf(existsSync('/sys/fs/cgroup/freezer/cgroup.procs'))('works by the freezer of version 1 alone', async () => {
    const host = await detect({ mountInfoPath: mountInfoWithout('cgroup2') });
    expect(host.layout).toBe('v1');
    const plan = await expectCleanUp(host, tree);
    expect(plan.kill).toBeUndefined();
    expect(plan.freezer).toContain('/freezer/');
    expect(plan.shimDirectories.filter((directory) => directory.includes('/freezer/'))).toEqual([]);
  });

  test.runIf(existsSync('/sys/fs/cgroup/freezer/cgroup.procs'))('ends what is frozen already', async () => {
    const host = await detect({ mountInfoPath: mountInfoWithout('cgroup2') });
    await expectCleanUp(host, tree, ({ freezer = '' }) => writeFileSync(join(freezer, 'freezer.state'), 'FROZEN'));
  });

  test('works by cgroup.freeze where the kernel has no cgroup.kill', async () => {
    const host = await detect({ files: withWrites(/cgroup\.kill$/, 'ENOENT') });
    await expectCleanUp(host, tree);
  });

  test('works by signals alone', async () => {
    const host = await detect({ files: withWrites(/cgroup\.(kill|freeze)$|freezer\.state$/, 'ENOENT') });
    await expectCleanUp(host, tree);
  });

  test.runIf(granted.pids.available && existsSync('/sys/fs/cgroup/freezer/cgroup.procs'))(
    'ends a fork bomb by the freezer of version 1',
    async () => {
      const host = await detect({ mountInfoPath: mountInfoWithout('cgroup2') });
      const plan = host.plan('bomb', limits({ pids: 50 }));
      const bomb = holdCommand(`exec ${compiledForkBomb()}`);
      applyPlan(plan, bomb.pid);
      bomb.release();
      await firstLine(bomb.child);
      await host.cleanUp('bomb');
      expectGone(plan);
    },
  );

  test('gives up on what does not end, and names it', async () => {
    const host = await detect();
    const deaf: CgroupFiles = { ...hostCgroupFiles, write: async () => undefined };
    const stubborn = await detect({ files: deaf, endLimitMs: 20 });
    const plan = host.plan('stuck', undefined);
    const command = holdCommand('true');
    applyPlan(plan, command.pid);
    const failure = await stubborn.cleanUp('stuck').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FailedPreconditionError);
    expect(String(failure)).toContain(`process ${command.pid} did not end`);
    await host.cleanUp('stuck');
    expect(await command.ended).toEqual([null, 'SIGKILL']);
  });

  /** The command says when all its processes are there. */
  async function expectCleanUp(
    host: CgroupHost,
    command: string,
    before?: (plan: ReturnType<CgroupHost['plan']>) => void,
  ) {
    const plan = host.plan('leftover', undefined);
    const held = holdCommand(command);
    applyPlan(plan, held.pid);
    held.release();
    await firstLine(held.child);
    const [directory = ''] = plan.directories;
    mkdirSync(join(directory, 'inner'));
    const moved = pidsIn(directory).find((pid) => pid !== held.pid);
    writeFileSync(join(directory, 'inner/cgroup.procs'), String(moved));
    before?.(plan);
    expect(await host.list()).toEqual(['leftover']);
    await host.cleanUp('leftover');
    expectGone(plan);
    expect(await held.ended).toEqual([null, 'SIGKILL']);
    expect(await host.list()).toEqual([]);
    return plan;
  }
});

describe('detect', () => {
  test('leaves nothing but the parents, which dispose removes', async () => {
    const host = await detect();
    for (const parent of host.parents) {
      const names = await hostCgroupFiles.directoriesIn(parent);
      expect(names.filter((name) => name !== 'shims')).toEqual([]);
    }
    const shims = host.plan('any', undefined).shimDirectories;
    for (const directory of shims) expect(existsSync(directory), directory).toBe(true);
    await host.dispose();
    expect(leftCgroups()).toEqual([]);
    await host.prepare();
    for (const directory of shims) expect(existsSync(directory), directory).toBe(true);
  });

  test('finds the same while other daemons that share the parent come and go', async () => {
    const { support } = await detect();
    const others = Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 10; round += 1) {
        const other = await CgroupHost.detect({ parent: testParent });
        expect(other.support).toEqual(support);
        await other.dispose();
      }
    });
    await Promise.all(others);
  });

  test('of a host without cgroups says so', async () => {
    const host = await detect({ mountInfoPath: '/dev/null' });
    expect(host.layout).toBe('none');
    expect(Object.values(host.support).map(({ available }) => available)).toEqual([false, false, false, false]);
    expect(host.plan('web', undefined)).toEqual({ directories: [], values: [], shimDirectories: [] });
    expect(() => host.plan('web', limits({ pids: 1 }))).toThrow(/No cgroup file system with the controller "pids"/);
  });

  test.runIf(process.getuid?.() === 0)('as a user without rights grants nothing, and says what to do', async () => {
    process.seteuid?.(65_534);
    try {
      const host = await CgroupHost.detect({ parent: testParent });
      expect(host.layout).not.toBe('none');
      expect(host.support.tracking).toMatchObject({ available: false, reason: expect.stringMatching(/EACCES|EROFS/) });
      expect(host.parents).toEqual([]);
    } finally {
      process.seteuid?.(0);
    }
  });
});

test('a pid that has left the cgroup is not signalled', async () => {
  const host = await detect({ files: withWrites(/cgroup\.(kill|freeze)$/, 'ENOENT') });
  const plan = host.plan('moved', undefined);
  if (plan.directories.length === 0) return;
  const command = holdCommand('true');
  for (const directory of plan.directories) mkdirSync(directory);
  // The list that is read first is out of date: it still has a process that is elsewhere.
  let reads = 0;
  const outdated: CgroupFiles = {
    ...hostCgroupFiles,
    write: async () => undefined,
    read: async () => (reads++ === 0 ? `0\n${command.pid}\n` : ''),
  };
  await killMembers(outdated, plan.directories[0] ?? '');
  expect(reads).toBe(2);
  command.release();
  expect(await command.ended).toEqual([0, null]);
  for (const directory of plan.directories) rmdirSync(directory);
});

function compiledForkBomb(): string {
  const program = join(temporaryDirectory(), 'fork-bomb');
  execFileSync('gcc', [
    '-Wall',
    '-Wextra',
    '-Werror',
    fileURLToPath(new URL('fork-bomb.c', import.meta.url)),
    '-o',
    program,
  ]);
  return program;
}

function mountInfoWithout(type: string): string {
  const path = join(temporaryDirectory(), 'mountinfo');
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  writeFileSync(path, lines.filter((line) => !line.includes(` - ${type} `)).join('\n'));
  return path;
}

/** The real ones, but for writes to some files. */
function withWrites(refused: RegExp, code: string): CgroupFiles {
  return {
    ...hostCgroupFiles,
    write: async (path, value) => {
      if (refused.test(path)) throw Object.assign(new Error(code), { code });
      await hostCgroupFiles.write(path, value);
    },
  };
}
