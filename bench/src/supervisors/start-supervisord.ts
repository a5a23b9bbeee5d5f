import { setTimeout as delay } from 'node:timers/promises';
import type { StartedProcess } from '../child-processes.js';
import type { Workspace } from '../workspace.js';
import { callXml } from './xml-call.js';

/** All but its programs. */
export function supervisordConfiguration(directory: string, socket: string): string {
  return `[unix_http_server]
file=${socket}
[supervisord]
directory=${directory}
logfile=${directory}/supervisord.log
pidfile=${directory}/supervisord.pid
childlogdir=${directory}
nodaemon=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
`;
}

const pollMs = 20;

/** Rejects where it is not installed. */
export async function startSupervisord({ children }: Workspace, file: string, socket: string): Promise<StartedProcess> {
  const started = children.start('supervisord', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let isOver = false;
  const answers = async () => {
    while (!isOver && !(await callXml(socket, 'supervisor.getState', []).catch(() => ''))) await delay(pollMs);
  };
  await started.unlessEnded(answers()).finally(() => (isOver = true));
  return started;
}
