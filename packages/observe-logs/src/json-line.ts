import type { backend } from '@aurae/proto';
import { parseFields } from './record-fields.js';
import { escapeJsonForTerminal } from './terminal-text.js';
import { timeText } from './time-text.js';
import { workloadKindName } from './workload-kind-name.js';

/** One line for a program, without the line feed: a JSON object. What is empty is left out. */
export function jsonLine({ workload, item }: backend.LogRecord): string {
  if (!item) return '{}';
  return escapeJsonForTerminal(
    JSON.stringify({
      time: timeText(item.timestamp),
      level: item.level || undefined,
      message: item.line,
      channel: item.channel || undefined,
      sequence: Number(item.sequence) || undefined,
      dropped: Number(item.dropped) || undefined,
      workload: workload && { kind: workloadKindName(workload.kind), name: workload.name },
      fields: item.fieldsJson === '' ? undefined : parseFields(item.fieldsJson),
    }),
  );
}
