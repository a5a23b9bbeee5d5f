import { join } from 'node:path';
import { compile } from '../compile.js';
import type { FollowTask, Followed } from '../logs/follower.js';
import { wholeLogs, writeConfig } from '../logs/write-config.js';
import { startFollower } from '../logs/start-follower.js';
import { processCpuMs } from '../process-cpu.js';
import { startProgram } from '../start-caller.js';
import { startDaemon } from '../start-daemon.js';
import { median } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atLeast, atMost, finding, type Finding } from './scenario.js';

const lines = 2_000_000;
const rounds = 3;
const wantedPerSecond = 400_000;

interface Round {
  readonly ours: Followed;
  readonly bare: Followed;
  readonly file: Followed;
  readonly daemonCpuMs: number;
}

/** From a program that writes as fast as it can to a client that follows its log. */
export async function logFollow(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'log-follow');
  writeConfig(root, wholeLogs);
  const writer = await compile(workspace, 'write-lines');
  const daemonPid = (await startDaemon(workspace, root, false)).process.pid as number;
  await startProgram(workspace, 'logs/batch-server.js', root);
  const follow = await startFollower(workspace);
  const argv = [writer, String(lines)];
  const followed = (task: FollowTask) => follow({ task, lines });
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await followed({ source: 'bare-server', directory: root });
    const file = await followed({ source: 'file', path: join(workspace.directory, 'log-follow-file'), argv });
    const cpuBefore = processCpuMs(daemonPid);
    const ours = await followed({ source: 'executable', root, name: `writer-${round}`, argv });
    measured.push({ bare, file, ours, daemonCpuMs: processCpuMs(daemonPid) - cpuBefore });
  }
  return findings(measured);
}

function findings(measured: readonly Round[]): Finding[] {
  const speeds = (of: (round: Round) => Followed) => median(measured.map((round) => perSecond(of(round))));
  const perLine = (cpuMs: (round: Round) => number) => (median(measured.map(cpuMs)) / lines) * 1_000;
  const faults = ({ ours }: Round) => ours.check.lost + ours.check.misplaced;
  const ratio = (other: (round: Round) => Followed) =>
    median(measured.map((round) => perSecond(round.ours) / perSecond(other(round)))) * 100;
  const ours = finding(
    'GetWorkloadLogStream, from writer to follower',
    speeds(({ ours }) => ours),
    'lines/s',
    0,
  );
  return [
    finding(
      'a Node program that follows the file of the writer',
      speeds(({ file }) => file),
      'lines/s',
      0,
    ),
    finding(
      'a bare grpc-js server sends the same batches',
      speeds(({ bare }) => bare),
      'lines/s',
      0,
    ),
    atLeast(wantedPerSecond, { ...ours, what: `${ours.what}, at least ${wantedPerSecond}` }),
    finding(
      'that is, of the bare server',
      ratio(({ bare }) => bare),
      '%',
      0,
    ),
    atMost(
      0,
      finding(
        'lines lost or out of order',
        measured.reduce((sum, round) => sum + faults(round), 0),
        '',
        0,
      ),
    ),
    finding(
      'CPU of the daemon for each line',
      perLine(({ daemonCpuMs }) => daemonCpuMs),
      'µs',
    ),
    finding(
      'CPU of the client for each line',
      perLine(({ ours }) => ours.cpuMs),
      'µs',
    ),
  ];
}

function perSecond({ check, elapsedMs }: Followed): number {
  return (check.received / elapsedMs) * 1_000;
}
