import { access, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { callContext, meta, type observe, runtime } from '@aurae/proto';
import { expect, test } from 'vitest';
import { Executables, longPause, policy, reference } from '../workload/executables.js';
import { temporaryDirectory } from '../temporary-directory.js';

const busy = ['sh', '-c', 'while :; do :; done'];
const idle = ['sleep', '1000'];
/** A shell that holds so many bytes, and says so by a file. */
const holding = (bytes: number, done: string) => [
  'sh',
  '-c',
  `x=$(head -c ${bytes} /dev/zero | tr "\\0" x); touch ${done}; sleep 1000; echo "$x" | wc -c`,
];
const mebibyte = 1024 * 1024;

async function usages(executables: Executables, ...names: string[]): Promise<observe.WorkloadUsage[]> {
  return (await executables.processes.usage(callContext(), { names })).workloads;
}

async function usageOf(executables: Executables, name: string): Promise<observe.WorkloadUsage> {
  const [usage, ...others] = await usages(executables, name);
  expect(others).toEqual([]);
  if (!usage) throw new Error(`"${name}" is left out`);
  return usage;
}

async function appears(path: string): Promise<void> {
  await expect
    .poll(
      () =>
        access(path).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
}

function limits(memoryBytes: number, pids = 0): { limits: runtime.ResourceLimits } {
  return { limits: { memoryBytes: BigInt(memoryBytes), cpuMillis: 0, pids } };
}

test('the CPU time of a busy executable grows, and that of an idle one hardly', async () => {
  const executables = await Executables.open();
  await executables.start('busy', busy);
  await executables.start('idle', idle);
  const before = await usageOf(executables, 'busy');
  await expect
    .poll(async () => (await usageOf(executables, 'busy')).cpuUs, { timeout: 20_000 })
    .toBeGreaterThan(before.cpuUs + 200_000n);
  expect((await usageOf(executables, 'idle')).cpuUs).toBeLessThan(100_000n);
});

test('memory that is held is told, with the time of the start and one process or more', async () => {
  const executables = await Executables.open();
  const done = join(temporaryDirectory(), 'done');
  const { startedAtMs } = await executables.start('holder', holding(64 * mebibyte, done));
  await appears(done);
  const usage = await usageOf(executables, 'holder');
  expect(usage).toMatchObject({ workload: reference('holder'), startedAtMs, memoryLimitBytes: 0n, oomKills: 0n });
  expect(Number(usage.memoryBytes)).toBeGreaterThan(64 * mebibyte);
  expect(Number(usage.memoryBytes)).toBeLessThan(512 * mebibyte);
  expect(usage.pids).toBeGreaterThanOrEqual(1);
});

test('all processes of the tree count, those too that have left its session', async () => {
  const executables = await Executables.open();
  const directory = temporaryDirectory();
  const leaver = `(setsid sh -c 'touch ${directory}/two; exec sleep 1000' &) ; touch ${directory}/one; exec sleep 1000`;
  await executables.start('tree', ['sh', '-c', leaver]);
  await appears(`${directory}/one`);
  await appears(`${directory}/two`);
  await expect.poll(async () => (await usageOf(executables, 'tree')).pids).toBe(2);
});

test('with limits the cgroup tells, and the limit is told', async () => {
  const executables = await Executables.open();
  await executables.processes.adopt();
  const done = join(temporaryDirectory(), 'done');
  await executables.start('limited', holding(32 * mebibyte, done), limits(256 * mebibyte, 100));
  await appears(done);
  const usage = await usageOf(executables, 'limited');
  expect(usage).toMatchObject({ source: 'cgroup', memoryLimitBytes: BigInt(256 * mebibyte) });
  expect(Number(usage.memoryBytes)).toBeGreaterThan(32 * mebibyte);
  await expect.poll(async () => (await usageOf(executables, 'limited')).pids).toBe(2);
});

test('processes that the out-of-memory killer has ended are counted while the executable lives on', async () => {
  const executables = await Executables.open();
  const eat = '(x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "$x"); sleep 1000';
  await executables.start('parent', ['sh', '-c', eat], limits(16 * mebibyte));
  await expect
    .poll(async () => (await usageOf(executables, 'parent')).oomKills, { timeout: 20_000 })
    .toBeGreaterThan(0n);
});

test('those that have ended, wait for their restart or are not known are left out', async () => {
  const executables = await Executables.open();
  await executables.start('ended', ['true']);
  await executables.becomes('ended', meta.Status.STATUS_COMPLETE);
  const restart = policy(runtime.RestartMode.RESTART_MODE_ALWAYS, longPause);
  await executables.start('waiting', ['true'], { restart });
  await executables.becomes('waiting', meta.Status.STATUS_STANDBY);
  await executables.start('living', idle);
  const names = (found: readonly observe.WorkloadUsage[]) => found.map(({ workload }) => workload?.name);
  expect(names(await usages(executables))).toEqual(['living']);
  expect(names(await usages(executables, 'living', 'waiting', 'ended', 'nobody'))).toEqual(['living']);
  expect(await usages(executables, 'nobody')).toEqual([]);
});

test('an executable that ends while it is looked at is left out, and never an error', async () => {
  const executables = await Executables.open();
  for (let round = 0; round < 20; round++) {
    await executables.start(`short-${round}`, ['sh', '-c', ':']);
    for (let look = 0; look < 5; look++) {
      for (const { workload } of await usages(executables)) expect(workload?.name).toBe(`short-${round}`);
    }
    await executables.becomes(`short-${round}`, meta.Status.STATUS_COMPLETE);
  }
  expect(await usages(executables)).toEqual([]);
});

test('the next runtime tells of what it has adopted, and CPU time goes on from where it was', async () => {
  const executables = await Executables.open();
  await executables.start('busy', busy);
  await expect
    .poll(async () => (await usageOf(executables, 'busy')).cpuUs, { timeout: 20_000 })
    .toBeGreaterThan(100_000n);
  const before = await usageOf(executables, 'busy');
  await executables.restart();
  const after = await usageOf(executables, 'busy');
  expect(after.cpuUs).toBeGreaterThanOrEqual(before.cpuUs);
  expect(after).toMatchObject({ startedAtMs: before.startedAtMs, source: before.source });
});

test('no file of the kernel stays open', async () => {
  const executables = await Executables.open();
  await executables.start('idle', idle);
  for (let look = 0; look < 10; look++) await usages(executables);
  // Others may read such a file just now, and close it.
  await expect.poll(openKernelFiles).toEqual([]);
});

async function openKernelFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const paths = await Promise.all(descriptors.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')));
  return paths.filter((path) => /\/(cpu\.stat|cgroup\.procs|(memory|pids|cpuacct)\.[a-z_]+|stat|auxv)$/.test(path));
}
