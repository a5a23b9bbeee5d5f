import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type AuraeClient, connect } from '@aurae/client';
import { meta } from '@aurae/proto';
import { LineCheck } from '../logs/line-check.js';
import { wholeLogs, writeConfig } from '../logs/write-config.js';
import { type LongLog, writeLongLog } from '../logs/write-long-log.js';
import { startDaemon } from '../start-daemon.js';
import { percentile } from '../statistics.js';
import type { Workspace } from '../workspace.js';
import { atMost, finding, type Finding, type ScenarioOptions } from './scenario.js';

const calls = 20;
const tail = 100;
/** From one question to the next, so that none finds what the one before has read. */
const segmentsBetween = 1;
const name = 'long-log';
const workload = { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name };

type Question = Parameters<AuraeClient['observe']['getWorkloadLogStream']>[0];

/** The end and the middle of a long log. */
export async function logSeek(workspace: Workspace, options: ScenarioOptions): Promise<readonly Finding[]> {
  const root = join(workspace.directory, 'log-seek');
  writeConfig(root, wholeLogs);
  const directory = await emptyLog(workspace, root);
  const log = await writeLongLog(directory, options.logGibibytes * 1024 ** 3);
  const daemon = await startDaemon(workspace, root, false);
  await using client = connect({ root });
  const [tails, since, compressed, spans] = [
    await tailTimes(client, log),
    await sinceTimes(client, log, log.middle),
    await sinceTimes(client, log, log.compressed),
    await spanTimes(client, log),
  ];
  await daemon.stop();
  rmSync(root, { recursive: true, force: true });
  const size = `${options.logGibibytes} GiB`;
  return [
    atMost(50, finding(`--tail ${tail} of ${size} within 50 ms (p50)`, percentile(tails, 50), 'ms', 1)),
    finding('the same (slowest)', Math.max(...tails), 'ms', 1),
    atMost(200, finding('--since into the middle, first lines within 200 ms (p50)', percentile(since, 50), 'ms', 1)),
    finding('the same (slowest)', Math.max(...since), 'ms', 1),
    atMost(200, finding('--since into compressed segments, likewise (p50)', percentile(compressed, 50), 'ms', 1)),
    finding('the same (slowest)', Math.max(...compressed), 'ms', 1),
    finding(`--since and --until around ${tail} lines of the middle, to the end (p50)`, percentile(spans, 50), 'ms', 1),
  ];
}

/** The log directory of an executable that has ended, below a daemon that has ended, too. */
async function emptyLog(workspace: Workspace, root: string): Promise<string> {
  const daemon = await startDaemon(workspace, root, false);
  await using client = connect({ root });
  await client.runtime.executableStart({ meta: { name }, argv: ['/bin/echo', 'begun'] });
  // It ends with the workload.
  for await (const batch of client.observe.getWorkloadLogStream({ workload, follow: true })) void batch;
  await daemon.stop();
  const workloads = join(root, 'var/lib/aurae/executable/workloads');
  const [digest = ''] = readdirSync(workloads);
  return join(workloads, digest, 'log');
}

async function tailTimes(client: AuraeClient, { lines }: LongLog): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) times.push(await allOf(client, { tail }, lines - tail + 1, lines));
  return times;
}

/** Until the first batch is there. */
async function sinceTimes(client: AuraeClient, log: LongLog, from: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const number = from + call * log.linesInSegment * segmentsBetween;
    const startedAt = performance.now();
    const sinceMs = BigInt(log.timeOf(number));
    for await (const { items } of client.observe.getWorkloadLogStream({ workload, sinceMs })) {
      times.push(performance.now() - startedAt);
      assertNumber(items[0]?.line, number);
      break;
    }
  }
  return times;
}

async function spanTimes(client: AuraeClient, log: LongLog): Promise<number[]> {
  const times: number[] = [];
  for (let call = 1; call <= calls; call++) {
    const first = log.middle - call * log.linesInSegment * segmentsBetween;
    const last = first + tail - 1;
    const [sinceMs, untilMs] = [BigInt(log.timeOf(first)), BigInt(log.timeOf(last))];
    times.push(await allOf(client, { sinceMs, untilMs }, first, last));
  }
  return times;
}

/** Milliseconds until the answer has ended, which must have the lines from `first` to `last`. */
async function allOf({ observe }: AuraeClient, question: Question, first: number, last: number): Promise<number> {
  const startedAt = performance.now();
  const check = new LineCheck(first);
  for await (const { items } of observe.getWorkloadLogStream({ ...question, workload })) {
    for (const { line } of items) check.take(line);
  }
  const elapsed = performance.now() - startedAt;
  if (check.lost + check.misplaced > 0 || check.lastNumber !== last) {
    throw new Error(`The answer is not the lines from ${first} to ${last}`);
  }
  return elapsed;
}

function assertNumber(line: string | undefined, number: number): void {
  const check = new LineCheck(number);
  check.take(line ?? '');
  if (check.lastNumber !== number) throw new Error(`The answer begins with "${line}", and not with line ${number}`);
}
