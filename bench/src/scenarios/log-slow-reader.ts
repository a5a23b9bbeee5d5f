import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AuraeClient, connect } from '@aurae/client';
import { meta } from '@aurae/proto';
import { compile } from '../compile.js';
import { writeConfig } from '../logs/write-config.js';
import { startFollower } from '../logs/start-follower.js';
import { proportionalBytes } from '../process-memory.js';
import { startDaemon } from '../start-daemon.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding } from './scenario.js';

/** More than are written in that time. */
const lines = 1_000_000_000;
/** A hundredth of what a reader is to get. */
const linesPerSecond = 4_000;
const watchMs = 15_000;
const sampleMs = 100;
const stoppedReaders = 20;
const stoppedMs = 3_000;
/** So that the reader meets with what is no longer kept while it is watched. */
const smallSegments = '[backends.executable.options]\nlog_segment_bytes = 1048576\n';

/** The memory of a daemon whose reader takes far less than is written. What is let go meanwhile is told to the reader. */
export async function logSlowReader(workspace: Workspace): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'log-slow-reader');
  writeConfig(root, smallSegments);
  const writer = await compile(workspace, 'write-lines');
  const daemonPid = (await startDaemon(workspace, root, false)).process.pid as number;
  await using client = connect({ root });
  await client.observe.status();
  const follow = await startFollower(workspace);
  const idle = mebibytes(proportionalBytes([daemonPid]));
  // It waits a second, so that the reader is there for the first line.
  const argv = [writer, String(lines), '1'];
  const name = 'writer';
  const following = follow({
    task: { source: 'executable', root, name, argv },
    lines,
    linesPerSecond,
    limitMs: watchMs,
  });
  const slow = mebibytes(await highestMemory(daemonPid, following));
  const { check, elapsedMs } = await following;
  const stopped = mebibytes(await highestMemory(daemonPid, stopReading(client, name)));
  await client.runtime.executableStop({ meta: { name } });
  const faults = check.untold + check.misplaced;
  return [
    finding('memory of the idle daemon (PSS)', idle, 'MiB', 1),
    atMost(64, finding('a reader of 4,000 lines/s makes it at most 64 MiB more', slow - idle, 'MiB', 1)),
    finding(`${stoppedReaders} readers more that read nothing add`, stopped - slow, 'MiB', 1),
    finding('the slow reader has taken', (check.received / elapsedMs) * 1_000, 'lines/s', 0),
    finding('lines that were let go meanwhile', check.lost, '', 0),
    atMost(0, finding('records of whose loss it was not told, and lines out of order', faults, '', 0)),
  ];
}

/** Of readers that take one batch, and no more for some seconds. */
async function stopReading({ observe }: AuraeClient, name: string): Promise<void> {
  const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };
  const leaving = new AbortController();
  const { signal } = leaving;
  const readers = Array.from({ length: stoppedReaders }, () =>
    observe.getWorkloadLogStream({ workload, follow: true }, { signal })[Symbol.asyncIterator](),
  );
  await Promise.all(readers.map((reader) => reader.next()));
  await delay(stoppedMs);
  leaving.abort();
  await Promise.all(readers.map((reader) => reader.return?.()));
}

/** Until the promise is settled. */
async function highestMemory(pid: number, until: Promise<unknown>): Promise<number> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  until.then(over, over);
  let most = 0;
  while (!isOver) {
    most = Math.max(most, proportionalBytes([pid]));
    await delay(sampleMs);
  }
  return most;
}

function mebibytes(bytes: number): number {
  return bytes / 1024 ** 2;
}
