import { killIfAlive } from '../process-list.js';
import type { Workspace } from '../workspace.js';
import { lastPid, phoenixArguments } from './phoenix.js';
import { askPm2, installPm2, pm2DaemonPid, startPm2Driver } from './start-pm2.js';

export async function pm2Phoenix(workspace: Workspace, directory: string, file: string): Promise<void> {
  await installPm2(workspace, directory);
  // Its daemon is no child of the bench, and what that has started outlives it.
  workspace.atEnd(() => {
    killIfAlive(pm2DaemonPid(directory));
    const pid = lastPid(file);
    if (pid !== undefined) killIfAlive(pid);
  });
  const client = await startPm2Driver(workspace, directory);
  await askPm2(client, { kind: 'start-phoenix', args: phoenixArguments(file) });
}
