import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { LogPeer } from './log-peer.js';

/** No supervisor: the program writes to a file, and tail(1) follows that. */
export const tailPeer: LogPeer = {
  name: 'tail -F of a file',
  open: async ({ children }, directory, [command = '', ...args]) => {
    const path = join(directory, 'output');
    const output = openSync(path, 'w');
    children.start(command, args, { stdio: ['ignore', output, 'pipe'] });
    closeSync(output);
    const tail = children.start('tail', ['-n', '+1', '-F', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    return tail.process.stdout as Readable;
  },
};
