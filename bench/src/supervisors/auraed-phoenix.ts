import { connect } from '@aurae/client';
import { runtime } from '@aurae/proto';
import { startDaemon } from '../start-daemon.js';
import type { Workspace } from '../workspace.js';
import { phoenixArguments } from './phoenix.js';

export async function auraedPhoenix(workspace: Workspace, root: string, file: string): Promise<void> {
  await startDaemon(workspace, root, false);
  await using client = connect({ root });
  const restart = { mode: runtime.RestartMode.RESTART_MODE_ALWAYS, firstPauseMs: 1, longestPauseMs: 1 };
  const argv = ['/bin/bash', ...phoenixArguments(file)];
  await client.scheduleExecutable.enable({ meta: { name: 'phoenix' }, argv, restart });
}
