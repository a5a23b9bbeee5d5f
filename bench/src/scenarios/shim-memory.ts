import { join } from 'node:path';
import { connect } from '@aurae/client';
import { processMemory } from '../process-memory.js';
import { parentOf } from '../process-list.js';
import { startDaemon } from '../start-daemon.js';
import { startSleepers } from '../start-sleepers.js';
import { median } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const count = 20;

/** What an executable costs beside itself. */
export async function shimMemory(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'shim-memory');
  await startDaemon(workspace, root, false);
  const client = connect({ root });
  const memories = (await startSleepers(client, count)).map((pid) => processMemory(parentOf(pid)));
  client.close();
  const kibibytes = (bytes: readonly number[]) => median(bytes) / 1024;
  const shares = kibibytes(memories.map(({ proportionalBytes }) => proportionalBytes));
  return [
    atMost(1024, finding('a shim takes at most 1 MB of memory (PSS)', shares, 'KiB', 0)),
    finding('of that, private to it', kibibytes(memories.map(({ privateBytes }) => privateBytes)), 'KiB', 0),
  ];
}
