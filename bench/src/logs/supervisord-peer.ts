import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { startSupervisord, supervisordConfiguration } from '../supervisors/start-supervisord.js';
import { callXml } from '../supervisors/xml-call.js';
import type { LogPeer } from './log-peer.js';

/** Its log is not rotated: what follows it would lose lines. */
export const supervisordPeer: LogPeer = {
  name: 'supervisorctl tail -f',
  open: async (workspace, directory, argv) => {
    const [socket, file] = [join(directory, 'socket'), join(directory, 'supervisord.conf')];
    const writer = `[program:writer]\ncommand=${argv.join(' ')}\nautostart=false\nautorestart=false\nstartsecs=0\n`;
    const control = `[supervisorctl]\nserverurl=unix://${socket}\n`;
    const configuration = supervisordConfiguration(directory, socket);
    writeFileSync(file, `${configuration}${control}${writer}stdout_logfile_maxbytes=0\n`);
    await startSupervisord(workspace, file, socket);
    await callXml(socket, 'supervisor.startProcess', ['writer', false]);
    const args = ['-c', file, 'tail', '-f', 'writer'];
    const env = { ...process.env, PYTHONUNBUFFERED: '1' };
    const follower = workspace.children.start('supervisorctl', args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    return follower.process.stdout as Readable;
  },
};
