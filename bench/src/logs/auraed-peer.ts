import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { connect } from '@aurae/client';
import { startDaemon } from '../start-daemon.js';
import { wholeLogs, writeConfig } from './write-config.js';
import type { LogPeer } from './log-peer.js';

const aurae = fileURLToPath(new URL('../../../packages/cli/bin/aurae.js', import.meta.url));

/** `aurae logs -f`. */
export const auraedPeer: LogPeer = {
  name: 'aurae logs --follow',
  open: async (workspace, directory, argv) => {
    writeConfig(directory, wholeLogs);
    await startDaemon(workspace, directory, false);
    await using client = connect({ root: directory });
    await client.runtime.executableStart({ meta: { name: 'writer' }, argv: [...argv] });
    const args = [aurae, '--root', directory, 'logs', '--follow', 'writer'];
    const follower = workspace.children.start(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    return follower.process.stdout as Readable;
  },
};
