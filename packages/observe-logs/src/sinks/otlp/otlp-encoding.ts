import type { backend, observe } from '@aurae/proto';
import { createRequire } from 'node:module';
import { parseFields } from '../../lines/record-fields.js';
import { workloadKindName } from '../../lines/workload-kind-name.js';
import { type AnyValue, type KeyValue, keyValues } from './any-value.js';

const { version } = createRequire(import.meta.url)('../../../package.json') as { version: string };

/** OpenTelemetry's data model for logs, field SeverityNumber: the first of the range of each name. */
const severityNumbers: ReadonlyMap<string, number> = new Map([
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['error', 17],
  ['fatal', 21],
]);

/**
 * An ExportLogsServiceRequest in the JSON encoding of OTLP 1.x (https://opentelemetry.io/docs/specs/otlp/): 64-bit
 * integers are decimal strings, enums are numbers.
 *
 * @param resource attributes of the source of all records
 */
export function encodeOtlpLogs(
  records: readonly backend.LogRecord[],
  resource: Readonly<Record<string, string>>,
): string {
  const observedTimeUnixNano = nanoseconds(BigInt(Date.now()));
  const logRecords = records.flatMap((record) => {
    return record.item ? [logRecord(record, record.item, observedTimeUnixNano)] : [];
  });
  const scope = { name: '@aurae/observe-logs', version };
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes: keyValues(resource) }, scopeLogs: [{ scope, logRecords }] }],
  });
}

function logRecord({ workload }: backend.LogRecord, item: observe.LogItem, observedTimeUnixNano: string) {
  return {
    timeUnixNano: nanoseconds(item.timestamp),
    observedTimeUnixNano,
    ...(item.level === '' ? {} : { severityNumber: severityNumbers.get(item.level) ?? 0, severityText: item.level }),
    body: { stringValue: item.line },
    attributes: [...workloadAttributes(workload), ...itemAttributes(item)],
  };
}

function workloadAttributes(workload: backend.LogRecord['workload']): KeyValue[] {
  if (!workload) return [];
  return [
    attribute('aurae.workload.kind', { stringValue: workloadKindName(workload.kind) }),
    attribute('aurae.workload.name', { stringValue: workload.name }),
  ];
}

function itemAttributes({ channel, sequence, dropped, partial, lineBytes, fieldsJson }: observe.LogItem): KeyValue[] {
  const attributes: KeyValue[] = [];
  const add = (key: string, value: AnyValue) => attributes.push(attribute(key, value));
  // The semantic conventions know log.iostream for these two, and for nothing else.
  if (channel) add(isStream(channel) ? 'log.iostream' : 'aurae.component', { stringValue: channel });
  if (sequence) add('aurae.sequence', { intValue: `${sequence}` });
  if (dropped) add('aurae.dropped', { intValue: `${dropped}` });
  if (partial) add('aurae.partial', { boolValue: true });
  if (lineBytes.length > 0) add('aurae.bytes', { bytesValue: lineBytes.toString('base64') });
  if (fieldsJson) attributes.push(...keyValues(parseFields(fieldsJson), 'aurae.fields.'));
  return attributes;
}

function attribute(key: string, value: AnyValue): KeyValue {
  return { key, value };
}

function isStream(channel: string): boolean {
  return channel === 'stdout' || channel === 'stderr';
}

/** Unsigned there; 0 means unknown. */
function nanoseconds(timestampMs: bigint): string {
  return timestampMs > 0n ? `${timestampMs}000000` : '0';
}
