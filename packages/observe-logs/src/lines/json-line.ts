import type { backend, meta, observe } from '@aurae/proto';
import { parseFields } from './record-fields.js';
import { escapeJsonForTerminal } from './terminal-text.js';
import { timeText } from './time-text.js';
import { workloadKindName } from './workload-kind-name.js';

/**
 * One line for a program, without the line feed: a JSON object. What is empty is left out. `bytes` holds in base64 the
 * exact bytes of a line that is not UTF-8; `partial` tells that the line goes on in the next record of its channel.
 */
export function jsonLine({ workload, item }: backend.LogRecord): string {
  if (!item) return '{}';
  // Put together by hand, which is several times as fast as one JSON.stringify of an object for each record.
  let json = `{"time":"${timeText(item.timestamp)}"`;
  if (item.level) json += `,"level":${JSON.stringify(item.level)}`;
  json += `,"message":${JSON.stringify(item.line)}`;
  if (item.channel) json += `,"channel":${JSON.stringify(item.channel)}`;
  if (item.sequence) json += `,"sequence":${item.sequence}`;
  if (item.dropped) json += `,"dropped":${item.dropped}`;
  if (workload) json += `,"workload":${workloadJson(workload)}`;
  return escapeJsonForTerminal(`${json}${rareParts(item)}}`);
}

function rareParts({ partial, lineBytes, fieldsJson }: observe.LogItem): string {
  let json = '';
  if (partial) json += ',"partial":true';
  if (lineBytes.length > 0) json += `,"bytes":"${lineBytes.toString('base64')}"`;
  if (fieldsJson) json += `,"fields":${JSON.stringify(parseFields(fieldsJson))}`;
  return json;
}

/** The records of a batch often share one object: the text of the newest is kept. */
let newest: { readonly workload: meta.WorkloadReference; readonly json: string } | undefined;

function workloadJson(workload: meta.WorkloadReference): string {
  if (newest?.workload !== workload) {
    const json = JSON.stringify({ kind: workloadKindName(workload.kind), name: workload.name });
    newest = { workload, json };
  }
  return newest.json;
}
