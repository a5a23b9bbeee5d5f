import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CgroupHost } from '../../src/cgroup/cgroup-host.js';
import type { CommandCgroup } from '../../src/cgroup/command-cgroup.js';
import { CommandCgroups } from '../../src/cgroup/command-cgroups.js';
import { startProcess } from '../../src/running-process.js';
import { openDescriptors } from '../exec-harness.js';
import { leftCgroups, testParent } from './real-cgroups.js';

const trial = await CgroupHost.detect({ parent: testParent });
const parent = trial.commandParent ?? '';
await trial.dispose();

const opened: { host: CgroupHost; cgroups: CommandCgroups }[] = [];

async function open(scope = 'pool'): Promise<CommandCgroups> {
  const host = await CgroupHost.detect({ parent: testParent, scope });
  const cgroups = await CommandCgroups.open(host);
  if (!cgroups) throw new Error('this host has no cgroups for commands');
  opened.push({ host, cgroups });
  return cgroups;
}

afterEach(async () => {
  for (const { host, cgroups } of opened.splice(0)) {
    await cgroups[Symbol.asyncDispose]();
    await host.dispose();
  }
  expect(leftCgroups(), 'cgroups left').toEqual([]);
});

function taken(cgroups: CommandCgroups): CommandCgroup {
  const cgroup = cgroups.take();
  if (!cgroup) throw new Error('no cgroup to be had');
  return cgroup;
}

function made(): string[] {
  return readdirSync(parent).filter((name) => name.includes('@exec-'));
}

function startIn(cgroup: CommandCgroup) {
  const env = new Map([['PATH', '/usr/bin:/bin']]);
  return startProcess({ file: 'sleep', argv: ['sleep', '1000'], env, cwd: '/', cgroup: cgroup.descriptor });
}

describe.skipIf(parent === '')('the cgroups of commands', () => {
  test('are used again', async () => {
    const cgroups = await open();
    for (let count = 0; count < 20; count++) cgroups.giveBack(taken(cgroups));
    expect(made()).toEqual(['pool@exec-1']);
  });

  test('are one for each command at a time, and at most 64 wait', async () => {
    const cgroups = await open();
    const all = Array.from({ length: 80 }, () => taken(cgroups));
    expect(new Set(all.map(({ path }) => path)).size).toBe(80);
    for (const cgroup of all) cgroups.giveBack(cgroup);
    await cgroups[Symbol.asyncDispose]();
    expect(made()).toEqual([]);
    const again = await open();
    const some = Array.from({ length: 65 }, () => taken(again));
    for (const cgroup of some) again.giveBack(cgroup);
    await expect.poll(() => made().length).toBe(64);
  });

  test('hold the process that is started in them, and are empty once it has been told to have ended', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    expect(cgroup.isEmpty()).toBe(true);
    const process = await startIn(cgroup);
    expect(cgroup.isEmpty()).toBe(false);
    expect(cgroup.members()).toEqual(new Set([process.pid]));
    process.signal(15);
    expect((await process.exited).signal?.name).toBe('SIGTERM');
    expect(cgroup.isEmpty()).toBe(true);
    cgroups.giveBack(cgroup);
    expect(taken(cgroups)).toBe(cgroup);
  });

  test('are not used again once they were killed: the kernel would kill whoever is born into them', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    const process = await startIn(cgroup);
    cgroup.kill();
    expect((await process.exited).signal?.name).toBe('SIGKILL');
    cgroups.giveBack(cgroup);
    expect(taken(cgroups)).not.toBe(cgroup);
  });

  test('are not used again with somebody in them, who is ended', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    const process = await startIn(cgroup);
    cgroups.giveBack(cgroup);
    expect(taken(cgroups)).not.toBe(cgroup);
    expect((await process.exited).signal?.name).toBe('SIGKILL');
    await expect.poll(() => existsSync(cgroup.path)).toBe(false);
  });

  test('are not used again with a cgroup in them', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    mkdirSync(`${cgroup.path}/inside`);
    expect(cgroup.isEmpty()).toBe(true);
    cgroups.giveBack(cgroup);
    expect(taken(cgroups)).not.toBe(cgroup);
    await expect.poll(() => existsSync(cgroup.path)).toBe(false);
  });

  test('are not used again when somebody has removed them', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    rmdirSync(cgroup.path);
    expect(cgroup.isEmpty()).toBe(true);
    expect(cgroup.members()).toEqual(new Set());
    cgroups.giveBack(cgroup);
    expect(taken(cgroups)).not.toBe(cgroup);
  });

  test('are given back once, however often that is said', async () => {
    const cgroups = await open();
    const cgroup = taken(cgroups);
    cgroups.giveBack(cgroup);
    cgroups.giveBack(cgroup);
    expect([taken(cgroups), taken(cgroups)].map(({ path }) => basename(path))).toEqual(['pool@exec-1', 'pool@exec-2']);
  });

  test('end what is in those that an earlier daemon of the same scope has left, and no others', async () => {
    const child = spawn('sleep', ['1000']);
    const other = spawn('sleep', ['1000']);
    const ends = [once(child, 'exit'), once(other, 'exit')];
    await trial.prepare();
    const paths = [`${parent}/pool@exec-7`, `${parent}/other@exec-7`] as const;
    for (const path of paths) mkdirSync(path);
    writeFileSync(`${paths[0]}/cgroup.procs`, String(child.pid));
    writeFileSync(`${paths[1]}/cgroup.procs`, String(other.pid));
    await open();
    await ends[0];
    expect(child.signalCode).toBe('SIGKILL');
    expect(made().sort()).toEqual(['other@exec-7', 'pool@exec-1']);
    expect(other.exitCode ?? other.signalCode).toBeNull();
    other.kill('SIGKILL');
    await ends[1];
    rmdirSync(paths[1]);
  });

  test('take no descriptor once they are disposed, and are none then', async () => {
    const before = openDescriptors();
    const cgroups = await open();
    const cgroup = taken(cgroups);
    expect(openDescriptors().length).toBe(before.length + 2);
    await cgroups[Symbol.asyncDispose]();
    await cgroups[Symbol.asyncDispose]();
    expect(openDescriptors()).toEqual(before);
    expect(cgroups.take()).toBeUndefined();
    expect(cgroup.isEmpty()).toBe(true);
    cgroups.giveBack(cgroup);
  });
});
