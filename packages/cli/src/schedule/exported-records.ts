import type { AuraeClient } from '@aurae/client';
import type { schedule } from '@aurae/proto';

/** The whole schedule, with the values of environment variables. */
export async function exportedRecords(client: AuraeClient, signal: AbortSignal): Promise<schedule.ScheduleRecord[]> {
  const all: schedule.ScheduleRecord[] = [];
  for await (const { records } of client.schedule.export({}, { signal })) all.push(...records);
  return all;
}
