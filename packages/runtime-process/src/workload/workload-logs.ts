import { logIdentity, nextLogSequence, readLogSegments } from '@aurae/observe-logs';
import { InvalidSpecError, observe } from '@aurae/proto';
import type { RunEnd } from './run-end.js';
import type { Workload } from './workload.js';

type Channel = 'stdout' | 'stderr';

/** What is kept of a workload's log, over all its runs; following ends with the workload. */
export async function* readWorkloadLog(
  workload: Workload,
  request: observe.GetWorkloadLogStreamRequest,
  signal: AbortSignal,
): AsyncGenerator<observe.LogBatch> {
  const channel = channelOf(request.channel);
  const directory = workload.directory.logPath;
  const logId = await logIdentity(directory);
  const isOfThisLog = request.logId === '' || request.logId === logId;
  const batches = readLogSegments({
    directory,
    signal,
    ...(channel === undefined ? {} : { channel }),
    tail: request.tail,
    ...(request.afterSequence > 0n && isOfThisLog ? { afterSequence: request.afterSequence } : {}),
    sinceMs: timeOf(request.sinceMs),
    untilMs: timeOf(request.untilMs),
    follow: request.follow && { ended: workload.finished.then((end) => logEnd(directory, end)) },
  });
  yield* named(batches, directory, logId);
}

/** The output of one run, to its end. */
export async function* readProcessLog(
  { workload, firstSequence, ended }: FoundProcess,
  channel: observe.LogChannelType,
  signal: AbortSignal,
): AsyncGenerator<observe.LogBatch> {
  const directory = workload.directory.logPath;
  const batches = readLogSegments({
    directory,
    signal,
    channel: channel === observe.LogChannelType.CHANNEL_STDERR ? 'stderr' : 'stdout',
    afterSequence: BigInt(Math.max(0, firstSequence - 1)),
    follow: { ended: ended.then((end) => logEnd(directory, end)) },
  });
  yield* named(batches, directory, await logIdentity(directory));
}

/** A log that is not there when its reading begins gets its name with its first records. */
async function* named(
  batches: AsyncIterable<observe.LogItem[]>,
  directory: string,
  identity: string,
): AsyncGenerator<observe.LogBatch> {
  let logId = identity;
  for await (const items of batches) {
    logId ||= await logIdentity(directory);
    yield { items, logId };
  }
}

export interface FoundProcess {
  readonly workload: Workload;
  readonly firstSequence: number;
  readonly ended: Promise<RunEnd>;
}

/** The run whose main process has or had that pid; the last one, where the pid was used again. */
export function findProcess(workloads: readonly Workload[], pid: number): FoundProcess | undefined {
  for (const workload of workloads) {
    const { phase } = workload;
    if (phase.kind === 'running' && (phase.run.pid === pid || phase.run.firstPid === pid)) {
      return { workload, firstSequence: phase.run.logFirstSequence, ended: phase.run.ended };
    }
  }
  const past = workloads.flatMap((workload) => workload.pastRuns.map(({ end }) => ({ workload, end })));
  const found = past
    .filter(({ end }) => end.kind === 'known' && end.exit.pid === pid)
    .sort((one, other) => other.end.endedAtMs - one.end.endedAtMs)[0];
  if (found?.end.kind !== 'known') return undefined;
  const { workload, end } = found;
  return { workload, firstSequence: end.exit.logFirstSequence, ended: Promise.resolve(end) };
}

/** The furthest that a Date can tell. */
const longestTimeMs = 8.64e15;

function timeOf(ms: bigint): number {
  return Math.min(Math.max(Number(ms), -longestTimeMs), longestTimeMs);
}

async function logEnd(directory: string, end: RunEnd): Promise<{ readonly nextSequence: bigint }> {
  const nextSequence = end.kind === 'known' ? BigInt(end.exit.logNextSequence) : await nextLogSequence(directory);
  return { nextSequence };
}

function channelOf(channel: string): Channel | undefined {
  if (channel === '') return undefined;
  if (channel === 'stdout' || channel === 'stderr') return channel;
  const description = `the channel "${channel.slice(0, 50)}" is not one of "stdout" and "stderr"; empty means both`;
  throw new InvalidSpecError(`Cannot read the log: ${description}`, [{ field: 'channel', description }]);
}
