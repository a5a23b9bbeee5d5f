import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@aurae/client';
import { meta } from '@aurae/proto';
import { applySchedule } from '../schedule/apply-schedule.js';
import { actionsFile, takenInFile } from '../schedule/fake-executables.js';
import { startDaemon } from '../start-daemon.js';
import { median } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const count = 10_000;
const rounds = 5;
const fakeBackend = fileURLToPath(new URL('../schedule/fake-executables.js', import.meta.url));
const lastName = `workload-${count - 1}`;

/** The start of a daemon whose schedule of 10,000 runs already, against that of one with nothing to do. */
export async function scheduleReconcile(workspace: Workspace): Promise<readonly Finding[]> {
  const [full, empty] = ['schedule-reconcile', 'schedule-reconcile-empty'].map((name) => prepared(workspace, name));
  if (full === undefined || empty === undefined) throw new Error('There is no directory');
  await fill(workspace, full);
  const [differences, emptyTimes]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const without = await start(workspace, empty, 0);
    emptyTimes.push(without);
    differences.push((await start(workspace, full, count)) - without);
  }
  const takenIn = linesOf(full, takenInFile).map(Number);
  return [
    finding('a daemon without a schedule: from its start to the first answer', median(emptyTimes), 'ms', 0),
    atMost(
      2_000,
      finding(`${count} that run already are reconciled at start within 2 s`, median(differences), 'ms', 0),
    ),
    finding('of that, from the backend’s first word to all being taken in', median(takenIn), 'ms', 0),
  ];
}

function prepared({ directory }: Workspace, name: string): string {
  const root = join(directory, name);
  mkdirSync(join(root, 'etc/aurae'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'etc/aurae/auraed.toml'), `[backends.executable]\nuse = ${JSON.stringify(fakeBackend)}\n`);
  return root;
}

function stateFile(root: string, name: string): string {
  return join(root, 'var/lib/aurae/executable', name);
}

function linesOf(root: string, name: string): string[] {
  return readFileSync(stateFile(root, name), 'utf8').split('\n').filter(Boolean);
}

async function fill(workspace: Workspace, root: string): Promise<void> {
  const daemon = await startDaemon(workspace, root, false);
  await using client = connect({ root });
  const names = Array.from({ length: count }, (_, index) => `workload-${index}`);
  await applySchedule(
    client,
    names.map((name) => ({ meta: { name }, argv: ['/bin/sleep', '100000'] })),
  );
  if (linesOf(root, actionsFile).length !== count) throw new Error('Not all have been started');
  await daemon.stop();
  for (const file of [actionsFile, takenInFile]) rmSync(stateFile(root, file));
  writeFileSync(stateFile(root, actionsFile), '');
}

/** Milliseconds from the start of the process to the answer that the last of them runs. */
async function start(workspace: Workspace, root: string, scheduled: number): Promise<number> {
  const from = performance.now();
  const daemon = await startDaemon(workspace, root, false);
  await using client = connect({ root });
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name: lastName };
  for (;;) {
    const [last] = (await client.schedule.showEnabled({ workload })).workloads;
    if (scheduled === 0 || last?.status === meta.Status.STATUS_ACTIVE) break;
  }
  const elapsed = performance.now() - from;
  const { workloads } = await client.schedule.showEnabled();
  const running = workloads.filter(({ status }) => status === meta.Status.STATUS_ACTIVE).length;
  if (running !== scheduled) throw new Error(`${running} of ${scheduled} run`);
  await daemon.stop();
  if (scheduled > 0 && linesOf(root, actionsFile).length > 0) throw new Error('Something was started or stopped anew');
  return elapsed;
}
