import { isAlive, killIfAlive } from '../process-list.js';
import { proportionalBytes } from '../process-memory.js';
import { median } from '../statistics.js';
import { openAuraed } from '../supervisors/auraed-under-test.js';
import { openPm2 } from '../supervisors/pm2-under-test.js';
import { supervisedCount, type SupervisorUnderTest } from '../supervisors/supervisor-under-test.js';
import { openSupervisord } from '../supervisors/supervisord-under-test.js';
import type { Workspace } from '../workspace.js';
import { atLeast, finding, type Finding } from './scenario.js';

/** The same work for each of the supervisors that this machine has. */
export async function supervisors(workspace: Workspace): Promise<readonly Finding[]> {
  const findings: Finding[] = [...(await examine(workspace, await openAuraed(workspace), true))];
  for (const [name, open] of Object.entries({ supervisord: openSupervisord, PM2: openPm2 })) {
    try {
      findings.push(...(await examine(workspace, await open(workspace), false)));
    } catch (error) {
      findings.push({ what: `${name} is left out`, shown: (error as Error).message });
    }
  }
  return findings;
}

async function examine(workspace: Workspace, subject: SupervisorUnderTest, isOurs: boolean): Promise<Finding[]> {
  const { name } = subject;
  const latencies: number[] = [];
  for (let index = 0; index < supervisedCount; index++) latencies.push(await subject.start(index));
  const pids = await subject.runningPids();
  workspace.atEnd(() => pids.forEach(killIfAlive));
  if (pids.length !== supervisedCount) throw new Error(`${name} runs ${pids.length} of ${supervisedCount}`);
  const memory = proportionalBytes(subject.ownPids()) / 1024 ** 2;
  await subject.killAndRestart();
  const alive = pids.filter(isAlive).length;
  const known = (await subject.runningPids()).filter((pid) => pids.includes(pid)).length;
  const adopted = finding(`${name}: known after KILL and a new start, of ${alive} that run on`, known, '', 0);
  return [
    finding(`${name}: from request to running (p50)`, median(latencies), 'ms'),
    finding(`${name}: memory of the supervision of ${supervisedCount} (PSS)`, memory, 'MiB', 1),
    isOurs ? atLeast(supervisedCount, adopted) : adopted,
  ];
}
