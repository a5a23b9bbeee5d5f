import { schedule } from '@aurae/proto';

export interface ApplyMode {
  readonly dryRun: boolean;
  readonly prune: boolean;
}

/** Well below what one message may hold. */
const longestRequestBytes = 1024 * 1024;

/** The records in as few messages as may be, and at least one: the first says what to do with all of them. */
export async function* applyRequests(
  records: readonly schedule.ScheduleRecord[],
  mode: ApplyMode,
): AsyncIterable<schedule.ApplyRequest> {
  let batch: schedule.ScheduleRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = schedule.ScheduleRecord.encode(record).finish().length;
    if (batch.length > 0 && bytes + size > longestRequestBytes) {
      yield { records: batch, ...mode };
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  yield { records: batch, ...mode };
}
