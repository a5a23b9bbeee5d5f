import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../workspace.js';
import { startSupervisord, supervisordConfiguration } from './start-supervisord.js';
import { elapsedMs, supervisedCount, type SupervisorUnderTest } from './supervisor-under-test.js';
import { callXml } from './xml-call.js';

/** supervisord of the Debian package `supervisor`. Rejects where that is not installed. */
export async function openSupervisord(workspace: Workspace): Promise<SupervisorUnderTest> {
  const directory = join(workspace.directory, 'supervisors-supervisord');
  mkdirSync(directory);
  const socket = join(directory, 'socket');
  const file = join(directory, 'supervisord.conf');
  writeFileSync(file, `${supervisordConfiguration(directory, socket)}${sleepers}`);
  let supervisord = await startSupervisord(workspace, file, socket);
  return {
    name: 'supervisord',
    start: (index) => elapsedMs(() => callXml(socket, 'supervisor.startProcess', [`sleepers:sleeper-${index}`, false])),
    runningPids: async () => pidsIn(await callXml(socket, 'supervisor.getAllProcessInfo', [])),
    ownPids: () => [supervisord.process.pid as number],
    killAndRestart: async () => {
      const exited = once(supervisord.process, 'exit');
      supervisord.process.kill('SIGKILL');
      await exited;
      supervisord = await startSupervisord(workspace, file, socket);
    },
  };
}

/** 0 stands for one that does not run. */
function pidsIn(answer: string): number[] {
  const found = answer.matchAll(/<name>pid<\/name>\s*<value><int>(\d+)</g);
  return Array.from(found, ([, pid]) => Number(pid)).filter((pid) => pid > 0);
}

/** `startsecs = 0`: a process runs as soon as it has been started, as everywhere else here. */
const sleepers = `[program:sleepers]
command=/bin/sleep 100000
process_name=sleeper-%(process_num)d
numprocs=${supervisedCount}
autostart=false
startsecs=0
`;
