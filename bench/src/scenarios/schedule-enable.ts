import { join } from 'node:path';
import { type AuraeClient, connect } from '@aurae/client';
import { startDaemon } from '../start-daemon.js';
import { percentile } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const warmUps = 50;
const calls = 400;
const argv = ['/bin/sleep', '100000'];

/** What a durable decision costs: Enable against the start of the same command, in turns. */
export async function scheduleEnable(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'schedule-enable');
  await startDaemon(workspace, root, false);
  await using client = connect({ root });
  const [starts, enables]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < warmUps + calls; turn++) {
    // In turns the first, so that neither always follows what the other has left to do.
    if (turn % 2 === 0) starts.push(await timedStart(client, turn));
    enables.push(await timedEnable(client, turn));
    if (turn % 2 === 1) starts.push(await timedStart(client, turn));
  }
  for (const times of [starts, enables]) times.splice(0, warmUps);
  const [start, enable] = [percentile(starts, 50), percentile(enables, 50)];
  return [
    finding('ExecutableStart (p50)', start, 'ms'),
    finding('Enable of the same command (p50)', enable, 'ms'),
    finding('Enable (p99)', percentile(enables, 99), 'ms'),
    atMost(3, finding('Enable, durable, takes at most 3 ms longer than the start (p50)', enable - start, 'ms')),
  ];
}

/** What was started is ended and forgotten, which is not measured. */
async function timedStart({ runtime }: AuraeClient, turn: number): Promise<number> {
  const workload = { meta: { name: `started-${turn}` } };
  const from = performance.now();
  await runtime.executableStart({ ...workload, argv });
  const elapsed = performance.now() - from;
  await runtime.executableStop(workload);
  return elapsed;
}

async function timedEnable({ scheduleExecutable }: AuraeClient, turn: number): Promise<number> {
  const workload = { meta: { name: `enabled-${turn}` } };
  const from = performance.now();
  await scheduleExecutable.enable({ ...workload, argv });
  const elapsed = performance.now() - from;
  await scheduleExecutable.destroy(workload);
  return elapsed;
}
