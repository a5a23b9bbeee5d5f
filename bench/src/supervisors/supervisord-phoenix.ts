import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../workspace.js';
import { phoenixArguments } from './phoenix.js';
import { startSupervisord, supervisordConfiguration } from './start-supervisord.js';

export async function supervisordPhoenix(workspace: Workspace, directory: string, file: string): Promise<void> {
  const [socket, script] = [join(directory, 'socket'), join(directory, 'phoenix')];
  writeFileSync(script, `#!/bin/bash\n${phoenixArguments(file)[1]}\n`);
  chmodSync(script, 0o700);
  const phoenix = `[program:phoenix]\ncommand=${script}\nautorestart=true\nstartsecs=0\n`;
  const configurationFile = join(directory, 'supervisord.conf');
  writeFileSync(configurationFile, `${supervisordConfiguration(directory, socket)}${phoenix}`);
  await startSupervisord(workspace, configurationFile, socket);
}
