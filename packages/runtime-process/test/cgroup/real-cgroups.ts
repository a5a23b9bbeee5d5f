import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import type { CgroupPlan } from '../../src/cgroup/cgroup-plan.js';

/** Of this file's process alone. */
export const testParent = `aurae-test-${process.pid}`;

type HeldEnd = readonly [code: number | null, signal: NodeJS.Signals | null];

/** A command that begins once it is in its cgroups. */
export interface HeldCommand {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<HeldEnd>;
  release(): void;
}

export function holdCommand(command: string): HeldCommand {
  const child = spawn('/bin/sh', ['-c', `read go; ${command}`], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const ended = new Promise<HeldEnd>((resolve) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
  if (child.pid === undefined) throw new Error('/bin/sh did not start');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    child.stdout?.destroy();
  });
  return { child, pid: child.pid, ended, release: () => child.stdin?.end('go\n') };
}

/** What the shim does with a plan. */
export function applyPlan(plan: CgroupPlan, pid: number): void {
  for (const directory of plan.directories) mkdirSync(directory);
  for (const { file, value } of plan.values) writeFileSync(file, value);
  for (const directory of plan.directories) writeFileSync(join(directory, 'cgroup.procs'), String(pid));
}

export function removePlanned(plan: CgroupPlan): void {
  for (const directory of plan.directories) rmdirSync(directory);
}

/** Cgroups with the name of this file's parent, in all hierarchies. */
export function leftCgroups(): string[] {
  const root = '/sys/fs/cgroup';
  if (!existsSync(root)) return [];
  const places = [root, ...readdirSync(root).map((name) => join(root, name))];
  return places.map((place) => join(place, testParent)).filter((path) => existsSync(path));
}

/** Rejects when the output ends without one. */
export async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('its output is not read');
  for await (const line of createInterface({ input: stdout })) return line;
  throw new Error('it ended without a line');
}

export function pidsIn(directory: string): number[] {
  return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
}

/** Nobody is left in any of these, and they are gone. */
export function expectGone(plan: CgroupPlan): void {
  expect(plan.directories.filter((directory) => existsSync(directory))).toEqual([]);
}
