import { access, readdir, readFile } from 'node:fs/promises';
import { callContext, InvalidSpecError, meta, type runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { compiledFixture } from '../compiled-fixture.js';
import { Executables, isRunning, testParent } from './executables.js';

const { STATUS_COMPLETE } = meta.Status;

function limits(given: Partial<Record<'memoryBytes' | 'cpuMillis' | 'pids', number>>): {
  limits: runtime.ResourceLimits;
} {
  const { memoryBytes = 0, cpuMillis = 0, pids = 0 } = given;
  return { limits: { memoryBytes: BigInt(memoryBytes), cpuMillis, pids } };
}

/** Cgroups of executables below the parent of the tests, in all hierarchies. */
async function cgroupsLeft(): Promise<string[]> {
  const parents = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => `${line.split(' ')[4]}/${testParent}`);
  const found = await Promise.all(
    parents.map(async (parent) => {
      const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
      return entries
        .filter((entry) => entry.isDirectory() && entry.name !== 'shims' && !entry.name.includes('@exec-'))
        .map(({ name }) => `${parent}/${name}`);
    }),
  );
  return found.flat();
}

test('more memory than allowed is an out-of-memory kill, and told as such', async () => {
  const executables = await Executables.open();
  const eat = 'x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo survived';
  await executables.start('eater', ['sh', '-c', eat], limits({ memoryBytes: 16 * 1024 * 1024 }));
  const status = await executables.becomes('eater', STATUS_COMPLETE);
  expect(status.outOfMemory).toBe(true);
  expect(status.exitCode).not.toBe('0');
  expect(status.meta?.message).toMatch(/memory limit was reached/);
  expect(await cgroupsLeft()).toEqual([]);
});

test('one that stays within its memory is not called out of memory', async () => {
  const executables = await Executables.open();
  await executables.start('modest', ['true'], limits({ memoryBytes: 64 * 1024 * 1024 }));
  expect(await executables.becomes('modest', STATUS_COMPLETE)).toMatchObject({ outOfMemory: false, exitCode: '0' });
});

test('a fork bomb stays within its limit, and stop ends all of it', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('bomb', [compiledFixture('fork-bomb')], limits({ pids: 50 }));
  await expect.poll(async () => (await membersOf(proc?.pid ?? 0)).length, { timeout: 10_000 }).toBeGreaterThan(40);
  const members = await membersOf(proc?.pid ?? 0);
  expect(members.length).toBeLessThanOrEqual(50);
  await executables.stop('bomb', { gracePeriodMs: 20 });
  for (const member of members) expect(await isRunning(member)).toBe(false);
  expect(await cgroupsLeft()).toEqual([]);
});

/** Processes in the pids cgroup of that process. */
async function membersOf(pid: number): Promise<number[]> {
  const path = /^\d+:[^:]*\bpids\b[^:]*:(.*)$/m.exec(
    await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''),
  )?.[1];
  const unified = /^0::(.*)$/m.exec(await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''))?.[1];
  const directory = path ? `/sys/fs/cgroup/pids${path}` : `/sys/fs/cgroup${unified}`;
  const text = await readFile(`${directory}/cgroup.procs`, 'utf8').catch(() => '');
  return text.split('\n').filter(Boolean).map(Number);
}

test('a share of a CPU is set in its cgroup', async () => {
  const executables = await Executables.open();
  const { proc } = await executables.start('slow', ['sleep', '1000'], limits({ cpuMillis: 500 }));
  const cgroup = await readFile(`/proc/${proc?.pid}/cgroup`, 'utf8');
  const path = /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m.exec(cgroup)?.[1];
  const quota = path
    ? await readFile(`/sys/fs/cgroup/cpu${path}/cpu.cfs_quota_us`, 'utf8')
    : await readFile(`/sys/fs/cgroup${/^0::(.*)$/m.exec(cgroup)?.[1]}/cpu.max`, 'utf8');
  expect(quota).toMatch(/^50000\b/);
});

test('a limit that cannot be right is refused, naming it', async () => {
  const executables = await Executables.open();
  const refused = executables.start('tiny', ['true'], limits({ memoryBytes: 1 }));
  await expect(refused).rejects.toThrow(InvalidSpecError);
  expect(await executables.list()).toEqual([]);
});

test('what is known of the host is in the description', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  const { capabilities, details } = await executables.processes.describe();
  expect(capabilities).toContain('Start.limits.memory');
  expect(details).toMatchObject({ limits: 'memory, cpu, pids' });
  expect(callContext()).toBeDefined();
});

test('the parents of all cgroups are removed with the last runtime', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  await executables.processes.dispose();
  await expect(access(`/sys/fs/cgroup/unified/${testParent}`)).rejects.toThrow('ENOENT');
  executables.processes = executables.runtime();
});
