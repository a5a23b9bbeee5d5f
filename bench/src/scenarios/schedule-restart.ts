import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from '../statistics.js';
import { auraedPhoenix } from '../supervisors/auraed-phoenix.js';
import { measureRestarts } from '../supervisors/phoenix.js';
import { pm2Phoenix } from '../supervisors/pm2-phoenix.js';
import { supervisordPhoenix } from '../supervisors/supervisord-phoenix.js';
import type { Workspace } from '../workspace.js';
import { finding, type Finding } from './scenario.js';

const times = 20;

/** From the crash of a program to its next run, with the shortest pause that each supervisor knows. */
export async function scheduleRestart(workspace: Workspace): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [name, open] of Object.entries({
    auraed: auraedPhoenix,
    supervisord: supervisordPhoenix,
    PM2: pm2Phoenix,
  })) {
    const directory = join(workspace.directory, `schedule-restart-${name}`);
    mkdirSync(directory);
    const file = join(directory, 'runs');
    try {
      await open(workspace, directory, file);
      const elapsed = await measureRestarts(file, times);
      findings.push(finding(`${name}: from KILL to running again (p50)`, percentile(elapsed, 50), 'ms'));
    } catch (error) {
      if (name === 'auraed') throw error;
      findings.push({ what: `${name} is left out`, shown: (error as Error).message });
    }
  }
  return findings;
}
