import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartedProcess } from '../child-processes.js';
import type { Workspace } from '../workspace.js';
import type { Pm2Answer, Pm2Request } from './pm2-driver.js';

const driver = fileURLToPath(new URL('pm2-driver.js', import.meta.url));

/** Below that directory. Rejects where that cannot be done. */
export async function installPm2({ children }: Workspace, prefix: string): Promise<void> {
  const args = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', prefix, 'pm2@6'];
  const npm = children.start('npm', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: prefix });
  await npm.ended;
  if (npm.process.exitCode !== 0) throw npm.failure();
}

function homeIn(prefix: string): string {
  return join(prefix, 'home');
}

export function pm2DaemonPid(prefix: string): number {
  return Number(readFileSync(join(homeIn(prefix), 'pm2.pid'), 'utf8'));
}

/** For programs that talk with that daemon. */
export function pm2Environment(prefix: string): NodeJS.ProcessEnv {
  return { ...process.env, PM2_HOME: homeIn(prefix), PM2_DISCRETE_MODE: 'true' };
}

/** A process that talks with a daemon of PM2, and starts one where there is none. */
export async function startPm2Driver({ children }: Workspace, prefix: string): Promise<StartedProcess> {
  const env = pm2Environment(prefix);
  const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
  const started = children.start(process.execPath, [driver, prefix], { stdio: [...stdio], env });
  await started.unlessEnded(once(started.process, 'message'));
  await askPm2(started, { kind: 'connect' });
  return started;
}

export async function askPm2(driver: StartedProcess, request: Pm2Request) {
  driver.process.send(request);
  const [answer] = (await driver.unlessEnded(once(driver.process, 'message'))) as [Pm2Answer];
  if ('failure' in answer) throw new Error(`PM2 cannot ${request.kind}: ${answer.failure}`);
  return answer;
}
