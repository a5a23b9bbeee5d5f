import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, killIfAlive } from '../process-list.js';
import type { Workspace } from '../workspace.js';
import { askPm2, installPm2, pm2DaemonPid, startPm2Driver } from './start-pm2.js';
import type { SupervisorUnderTest } from './supervisor-under-test.js';

/** PM2, installed from npm below the workspace. Rejects where that cannot be done. */
export async function openPm2(workspace: Workspace): Promise<SupervisorUnderTest> {
  const prefix = join(workspace.directory, 'supervisors-pm2');
  mkdirSync(prefix);
  await installPm2(workspace, prefix);
  // Its daemon is no child of the bench.
  workspace.atEnd(() => killIfAlive(pm2DaemonPid(prefix)));
  let client = await startPm2Driver(workspace, prefix);
  return {
    name: 'PM2',
    start: async (index) => (await askPm2(client, { kind: 'start', index })).elapsedMs,
    runningPids: async () => (await askPm2(client, { kind: 'list' })).running,
    ownPids: () => [pm2DaemonPid(prefix)],
    killAndRestart: async () => {
      const pid = pm2DaemonPid(prefix);
      await client.stop();
      killIfAlive(pid);
      while (isAlive(pid)) await delay(pollMs);
      client = await startPm2Driver(workspace, prefix);
    },
  };
}

const pollMs = 5;
