import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { killIfAlive } from '../process-list.js';
import { askPm2, installPm2, pm2DaemonPid, pm2Environment, startPm2Driver } from '../supervisors/start-pm2.js';
import type { LogPeer } from './log-peer.js';

export const pm2Peer: LogPeer = {
  name: 'pm2 logs',
  open: async (workspace, directory, args) => {
    await installPm2(workspace, directory);
    // Its daemon is no child of the bench, and ends what it has started.
    workspace.atEnd(() => killIfAlive(pm2DaemonPid(directory)));
    const driver = await startPm2Driver(workspace, directory);
    await askPm2(driver, { kind: 'start-writer', args });
    const program = join(directory, 'node_modules/.bin/pm2');
    const env = pm2Environment(directory);
    const command = ['logs', 'writer', '--raw', '--out', '--lines', '0'];
    const follower = workspace.children.start(program, command, { stdio: ['ignore', 'pipe', 'pipe'], env });
    return follower.process.stdout as Readable;
  },
};
