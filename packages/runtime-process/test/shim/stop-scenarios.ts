import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compiledFixture } from '../compiled-fixture.js';
import { frameType, numbers } from './shim-connection.js';
import type { ShimProgram } from './shim-program.js';
import { type Settings, startShim } from './shim-run.js';
import { trialCgroup } from './trial-cgroups.js';

/** Ignores TERM, as does a descendant in a session of its own whose parent is gone. */
const stubborn = `trap "" TERM
(setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1000; done' &)
echo ready $$
while :; do sleep 1000; done`;

interface Cgroups {
  readonly settings: Settings;
  readonly directory: string | undefined;
}

function cgroups(kind: '2' | 'freezer' | 'none'): Cgroups | undefined {
  if (kind === 'none') return { settings: {}, directory: undefined };
  const parent = trialCgroup(kind);
  if (parent === undefined) return undefined;
  const directory = join(parent, 'workload');
  const key = kind === '2' ? 'cgroup-kill' : 'cgroup-freezer';
  return { settings: { cgroup: directory, [key]: directory }, directory };
}

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

export function stopScenarios(shim: () => ShimProgram): void {
  for (const kind of ['2', 'freezer', 'none'] as const) {
    const means = { 2: 'a cgroup of version 2', freezer: 'the freezer of version 1', none: 'no cgroup' }[kind];

    test(`a stop ends every descendant that ignores the stop signal: ${means}`, async ({ skip }) => {
      const means = cgroups(kind);
      if (means === undefined) return skip('no such cgroups here');
      const run = startShim(shim(), ['sh', '-c', stubborn], means.settings);
      const client = await run.client();
      await expect.poll(() => run.logged('stdout').split('\n').length, { timeout: 20_000 }).toBe(3);
      const pids = run.logged('stdout').match(/\d+/g)?.map(Number) ?? [];
      expect(pids.filter(isRunning)).toHaveLength(2);
      client.send(frameType.stop, numbers(0, 50));
      expect(await run.exit()).toMatchObject({ code: -1, signal: 9, stopped: 1 });
      expect(pids.filter(isRunning)).toEqual([]);
      expect(means.directory !== undefined && existsSync(means.directory)).toBe(false);
    });

    test(`a stop ends processes that are gone before they can be looked at: ${means}`, async ({ skip }) => {
      const means = cgroups(kind);
      if (means === undefined) return skip('no such cgroups here');
      const run = startShim(shim(), [compiledFixture('fork-chain'), '4'], means.settings);
      const client = await run.client();
      await expect.poll(() => run.logged('stdout'), { timeout: 20_000 }).toContain('ready');
      client.send(frameType.stop, numbers(0, 20));
      expect(await run.exit()).toMatchObject({ signal: 9, stopped: 1 });
      expect(means.directory !== undefined && existsSync(means.directory)).toBe(false);
    });
  }

  test('the stop signal reaches every process once, and the status is what the main process made of it', async () => {
    const script = `trap 'echo main; exit 4' INT
(trap 'echo other; exit 0' INT; echo one; while :; do sleep 0.05; done) &
echo two
while :; do sleep 0.05; done`;
    const run = startShim(shim(), ['bash', '-c', script], { 'stop-signal': 2, 'stop-grace-ms': 60_000 });
    await run.started();
    await expect.poll(() => run.logged('stdout').split('\n').sort(), { timeout: 20_000 }).toEqual(['', 'one', 'two']);
    (await run.client()).send(frameType.stop, numbers(0, 60_000));
    expect(await run.exit()).toMatchObject({ code: 4, signal: 0, stopped: 1 });
    expect(run.logged('stdout').split('\n').sort()).toEqual(['', 'main', 'one', 'other', 'two']);
  });

  test('a second stop shortens the grace period, and never lengthens it', async () => {
    const run = startShim(shim(), ['sh', '-c', stubborn]);
    const client = await run.client();
    await expect.poll(() => run.logged('stdout').split('\n').length, { timeout: 20_000 }).toBe(3);
    client.send(frameType.stop, numbers(0, 3_600_000));
    client.send(frameType.state);
    expect(JSON.parse(String((await client.next())?.payload))).toMatchObject({ stopping: 1 });
    client.send(frameType.stop, numbers(0, 0));
    client.send(frameType.stop, numbers(0, 3_600_000));
    expect(await run.exit()).toMatchObject({ signal: 9, stopped: 1 });
  });

  test('SIGTERM to the shim begins the stop ladder', async () => {
    const run = startShim(shim(), ['sleep', '1000']);
    process.kill((await run.started()).shimPid, 'SIGTERM');
    expect(await run.exit()).toMatchObject({ signal: 15, stopped: 1 });
  });

  test('a daemon that forks twice is looked after to its end', async () => {
    const daemon = `setsid sh -c 'read line; echo daemon; exit 5'`;
    const script = `exec 3<&0; (${daemon} <&3 &) ; exit 0`;
    const run = startShim(shim(), ['sh', '-c', script], { stdin: 'pipe' });
    const { pid } = await run.started();
    await expect.poll(() => run.state().pid, { timeout: 20_000 }).not.toBe(pid);
    (await run.connect()).send(frameType.stdinEnd);
    expect(await run.exit()).toMatchObject({ code: 5, stopped: 0 });
    expect(run.logged('stdout')).toBe('daemon\n');
  });

  test('a main process that fails takes with it what it has left behind', async () => {
    const run = startShim(shim(), ['sh', '-c', 'sleep 1000 & setsid sleep 1000 & exit 6']);
    expect(await run.exit()).toMatchObject({ code: 6, signal: 0, stopped: 0 });
  });

  test('a stranger who holds the output open does not hold up the end', async () => {
    const run = startShim(shim(), ['sh', '-c', 'echo out; read line'], { stdin: 'pipe' });
    const { pid } = await run.started();
    const held = openSync(`/proc/${pid}/fd/1`, 'w');
    try {
      (await run.connect()).send(frameType.stdinEnd);
      expect(await run.exit()).toMatchObject({ code: 1 });
      expect(run.logged('stdout')).toBe('out\n');
    } finally {
      closeSync(held);
    }
  });

  test('an out-of-memory kill is recognised', async ({ skip }) => {
    const parent = trialCgroup('memory');
    if (parent === undefined) return skip('no memory controller of version 1 here');
    const cgroup = join(parent, 'workload');
    const run = startShim(shim(), ['sh', '-c', 'tail -c 200000000 /dev/zero | tail -c 100000000 | wc -c; kill -9 $$'], {
      cgroup,
      'cgroup-set': `${cgroup}/memory.limit_in_bytes=20000000`,
      'cgroup-events': `${cgroup}/memory.oom_control`,
    });
    expect(await run.exit()).toMatchObject({ oomKilled: 1 });
    expect(existsSync(cgroup)).toBe(false);
  });
}
