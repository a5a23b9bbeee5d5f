import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AuraeClient, connect } from '@aurae/client';
import { meta, runtime } from '@aurae/proto';
import { processCpuMs } from '../process-cpu.js';
import { applySchedule } from '../schedule/apply-schedule.js';
import { startDaemon } from '../start-daemon.js';
import { median } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const count = 100;
const watchMs = 5_000;
const rounds = 3;
const hourMs = 3_600_000;
const shortPauseMs = 10;
const { RESTART_MODE_ALWAYS } = runtime.RestartMode;

/** What crashing workloads cost the daemon: while they wait for their next try, and for each try. */
export async function scheduleCrashLoop(workspace: Workspace): Promise<readonly Finding[]> {
  const [calm, waiting] = [await opened(workspace, 'calm'), await opened(workspace, 'waiting')];
  await applySchedule(waiting.client, crashers(count, hourMs));
  await untilAllWait(waiting.client);
  await delay(watchMs);
  const [calmCpu, waitingCpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    calmCpu.push(await cpuPercent(calm.pid));
    waitingCpu.push(await cpuPercent(waiting.pid));
  }
  const tried = await perRestart(calm);
  for (const { client } of [calm, waiting]) client.close();
  return [
    finding('CPU of a daemon with nothing to do', median(calmCpu), '%'),
    atMost(
      0.2,
      finding(
        `${count} crashed workloads that wait cost at most 0.2 % CPU more`,
        median(waitingCpu) - median(calmCpu),
        '%',
      ),
    ),
    finding(`CPU of the daemon for each restart, at ${tried.perSecond.toFixed(0)} a second`, tried.cpuMs, 'ms'),
  ];
}

interface Opened {
  readonly pid: number;
  readonly client: AuraeClient;
}

async function opened(workspace: Workspace, name: string): Promise<Opened> {
  const root = join(workspace.directory, `schedule-crash-loop-${name}`);
  const { process } = await startDaemon(workspace, root, false);
  return { pid: process.pid as number, client: connect({ root }) };
}

function crashers(number: number, pauseMs: number) {
  const restart = { mode: RESTART_MODE_ALWAYS, firstPauseMs: pauseMs, longestPauseMs: pauseMs };
  return Array.from({ length: number }, (_, index) => ({
    meta: { name: `crasher-${index}` },
    argv: ['/bin/false'],
    restart,
  }));
}

async function untilAllWait(client: AuraeClient): Promise<void> {
  for (;;) {
    const { workloads } = await client.schedule.showEnabled();
    if (workloads.every(({ status, nextStartAtMs }) => status === meta.Status.STATUS_STANDBY && nextStartAtMs > 0n))
      return;
    await delay(50);
  }
}

async function cpuPercent(pid: number): Promise<number> {
  const before = processCpuMs(pid);
  await delay(watchMs);
  return ((processCpuMs(pid) - before) / watchMs) * 100;
}

/** Ten that crash at once and are tried again at once. */
async function perRestart({ client, pid }: Opened): Promise<{ readonly cpuMs: number; readonly perSecond: number }> {
  await applySchedule(client, crashers(10, shortPauseMs));
  await delay(1_000);
  const [restartsBefore, cpuBefore] = [await restartsIn(client), processCpuMs(pid)];
  await delay(watchMs);
  const cpuMs = processCpuMs(pid) - cpuBefore;
  const restarts = (await restartsIn(client)) - restartsBefore;
  return { cpuMs: cpuMs / restarts, perSecond: (restarts / watchMs) * 1_000 };
}

async function restartsIn(client: AuraeClient): Promise<number> {
  const { workloads } = await client.schedule.showEnabled();
  return workloads.reduce((sum, { restarts }) => sum + restarts, 0);
}
