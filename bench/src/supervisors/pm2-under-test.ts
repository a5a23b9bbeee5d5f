import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StartedProcess } from '../child-processes.js';
import { isAlive, killIfAlive } from '../process-list.js';
import type { Workspace } from '../workspace.js';
import type { Pm2Answer, Pm2Request } from './pm2-driver.js';
import type { SupervisorUnderTest } from './supervisor-under-test.js';

const driver = fileURLToPath(new URL('pm2-driver.js', import.meta.url));

/** PM2, installed from npm below the workspace. Rejects where that cannot be done. */
export async function openPm2(workspace: Workspace): Promise<SupervisorUnderTest> {
  const prefix = join(workspace.directory, 'supervisors-pm2');
  mkdirSync(prefix);
  await install(workspace, prefix);
  // Its daemon is no child of the bench.
  workspace.atEnd(() => killIfAlive(daemonPid(prefix)));
  let client = await startDriver(workspace, prefix);
  return {
    name: 'PM2',
    start: async (index) => (await ask(client, { kind: 'start', index })).elapsedMs,
    runningPids: async () => (await ask(client, { kind: 'list' })).running,
    ownPids: () => [daemonPid(prefix)],
    killAndRestart: async () => {
      const pid = daemonPid(prefix);
      await client.stop();
      killIfAlive(pid);
      while (isAlive(pid)) await delay(pollMs);
      client = await startDriver(workspace, prefix);
    },
  };
}

const pollMs = 5;

async function install({ children }: Workspace, prefix: string): Promise<void> {
  const args = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', prefix, 'pm2@6'];
  const npm = children.start('npm', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: prefix });
  await npm.ended;
  if (npm.process.exitCode !== 0) throw npm.failure();
}

function homeIn(prefix: string): string {
  return join(prefix, 'home');
}

function daemonPid(prefix: string): number {
  return Number(readFileSync(join(homeIn(prefix), 'pm2.pid'), 'utf8'));
}

async function startDriver({ children }: Workspace, prefix: string): Promise<StartedProcess> {
  const env = { ...process.env, PM2_HOME: homeIn(prefix), PM2_DISCRETE_MODE: 'true' };
  const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
  const started = children.start(process.execPath, [driver, prefix], { stdio: [...stdio], env });
  await started.unlessEnded(once(started.process, 'message'));
  await ask(started, { kind: 'connect' });
  return started;
}

async function ask(driver: StartedProcess, request: Pm2Request) {
  driver.process.send(request);
  const [answer] = (await driver.unlessEnded(once(driver.process, 'message'))) as [Pm2Answer];
  if ('failure' in answer) throw new Error(`PM2 cannot ${request.kind}: ${answer.failure}`);
  return answer;
}
