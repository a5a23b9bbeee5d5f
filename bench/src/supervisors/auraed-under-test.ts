import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from '@aurae/client';
import type { StartedProcess } from '../child-processes.js';
import { shimsBelow } from '../process-list.js';
import { startDaemon } from '../start-daemon.js';
import type { Workspace } from '../workspace.js';
import { elapsedMs, type SupervisorUnderTest } from './supervisor-under-test.js';

export async function openAuraed(workspace: Workspace): Promise<SupervisorUnderTest> {
  const root = join(workspace.directory, 'supervisors-auraed');
  let daemon = await startDaemon(workspace, root, false);
  let client = connect({ root });
  return {
    name: 'auraed',
    start: (index) => elapsedMs(() => client.runtime.executableStart(sleeper(index))),
    runningPids: async () => (await client.runtime.executableList()).executables.map(({ proc }) => proc?.pid ?? 0),
    ownPids: () => [daemon.process.pid as number, ...shimsBelow(root)],
    killAndRestart: async () => {
      await kill(daemon);
      client.close();
      daemon = await startDaemon(workspace, root, false);
      client = connect({ root });
    },
  };
}

function sleeper(index: number) {
  return { meta: { name: `sleeper-${index}` }, argv: ['/bin/sleep', '100000'] };
}

async function kill({ process }: StartedProcess): Promise<void> {
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
}
