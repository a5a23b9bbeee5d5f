import type { AuraeClient } from '@aurae/client';
import { meta } from '@aurae/proto';
import type { Interruption } from '../interruption.js';
import type { LogsOptions } from './logs-options.js';
import { LogWriter } from './log-writer.js';

export async function showWorkloadLog(
  client: AuraeClient,
  name: string,
  options: LogsOptions,
  interruption: Interruption,
): Promise<void> {
  const { channel = '', tail = 0, since = 0, until = 0, follow = false } = options;
  const request = {
    workload: { kind: meta.WorkloadKind.WORKLOAD_KIND_EXECUTABLE, name },
    channel,
    tail,
    sinceMs: since,
    untilMs: until,
    follow,
  };
  const writer = new LogWriter(options);
  for await (const { items } of client.observe.getWorkloadLogStream(request, { signal: interruption.signal })) {
    if (!(await interruption.race(writer.write(items)))) break;
  }
}
