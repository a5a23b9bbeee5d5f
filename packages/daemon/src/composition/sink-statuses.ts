import { type LogBehind, type LogDispatcher, type LogKeeper, logSinkStatus } from '@aurae/observe-logs';
import type { meta, observe } from '@aurae/proto';
import { keyText } from '../schedule/workload-key.js';

/** Counting what is unread in a log takes a look into its last file: of more logs, what was read has to do. */
const mostCounted = 50;

/** What became of the records of each sink. What waits for it in the files counts, too. */
export async function sinkStatuses(
  dispatcher: Pick<LogDispatcher, 'status' | 'behind'>,
  keeper: Pick<LogKeeper, 'nextSequences'>,
): Promise<observe.LogSinkStatus[]> {
  const behind = dispatcher.behind(mostCounted);
  const workloads = new Map<string, meta.WorkloadReference>();
  for (const { workload } of behind.flat()) workloads.set(keyText(workload), workload);
  const ends = await keeper.nextSequences([...workloads.values()].slice(0, mostCounted));
  return dispatcher.status().map((status, index) => {
    const told = logSinkStatus(status);
    return { ...told, pendingRecords: told.pendingRecords + unread(behind[index] ?? [], ends) };
  });
}

function unread(logs: readonly LogBehind[], ends: ReadonlyMap<string, bigint>): bigint {
  let lines = 0n;
  for (const { workload, readTo } of logs) {
    const left = (ends.get(keyText(workload)) ?? 0n) - 1n - readTo;
    if (left > 0n) lines += left;
  }
  return lines;
}
