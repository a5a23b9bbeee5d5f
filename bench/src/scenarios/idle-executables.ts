import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@aurae/client';
import { processCpuMs } from '../process-cpu.js';
import { startDaemon } from '../start-daemon.js';
import { startSleepers } from '../start-sleepers.js';
import { percentile } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const count = 1000;
const lists = 50;
const settleMs = 2_000;
const watchMs = 5_000;

/** What a daemon does for 1,000 executables that do nothing. */
export async function idleExecutables(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'idle-executables');
  const daemon = await startDaemon(workspace, root, false);
  const client = connect({ root });
  await startSleepers(client, count);
  await delay(settleMs);
  const pid = daemon.process.pid as number;
  const cpuBefore = processCpuMs(pid);
  await delay(watchMs);
  const cpuPercent = ((processCpuMs(pid) - cpuBefore) / watchMs) * 100;
  const latencies: number[] = [];
  for (let index = 0; index < lists; index++) {
    const from = performance.now();
    const { executables } = await client.runtime.executableList();
    latencies.push(performance.now() - from);
    if (executables.length !== count) throw new Error(`${executables.length} of ${count} executables are listed`);
  }
  client.close();
  return [
    atMost(1, finding(`${count} idle executables cost the daemon less than 1 % CPU`, cpuPercent, '%')),
    atMost(50, finding(`the list of ${count} comes within 50 ms (p50)`, percentile(latencies, 50), 'ms', 1)),
    finding('the same (p99)', percentile(latencies, 99), 'ms', 1),
  ];
}
