import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../compile.js';
import { auraedPeer } from '../logs/auraed-peer.js';
import type { LogPeer } from '../logs/log-peer.js';
import { pm2Peer } from '../logs/pm2-peer.js';
import { readOutput } from '../logs/read-output.js';
import { supervisordPeer } from '../logs/supervisord-peer.js';
import { tailPeer } from '../logs/tail-peer.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

const lines = 500_000;
/** Until the first line: by then every peer follows. */
const waitSeconds = 3;
const peers: readonly LogPeer[] = [tailPeer, auraedPeer, supervisordPeer, pm2Peer];

/** What each prints that follows the same writer, to a pipe that is read at once. */
export async function logPeers(workspace: Workspace): Promise<readonly Finding[]> {
  const argv = [await compile(workspace, 'write-lines'), String(lines), String(waitSeconds)];
  const findings: Finding[] = [];
  for (const [index, peer] of peers.entries()) {
    const directory = join(workspace.directory, `log-peer-${index}`);
    mkdirSync(directory);
    try {
      findings.push(...(await measured(workspace, peer, directory, argv)));
    } catch (error) {
      if (peer === auraedPeer) throw error;
      findings.push({ what: `${peer.name} is left out`, shown: (error as Error).message });
    }
  }
  return findings;
}

async function measured(
  workspace: Workspace,
  peer: LogPeer,
  directory: string,
  argv: readonly string[],
): Promise<readonly Finding[]> {
  const { linesPerSecond, faults } = await readOutput(await peer.open(workspace, directory, argv), lines);
  const lost = finding(`${peer.name}: of ${lines} lines, did not come whole and in order`, faults, '', 0);
  return [finding(peer.name, linesPerSecond, 'lines/s', 0), peer === auraedPeer ? atMost(0, lost) : lost];
}
