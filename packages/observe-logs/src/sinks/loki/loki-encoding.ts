import type { backend, observe } from '@aurae/proto';
import { parseFields } from '../../lines/record-fields.js';
import { workloadKindName } from '../../lines/workload-kind-name.js';

export interface LokiEncodingOptions {
  /** Of every stream, beside those that tell the source. */
  readonly labels: Readonly<Record<string, string>>;
  /** Whether sequence numbers and levels go along; Loki before 3.0 may refuse them. */
  readonly structuredMetadata: boolean;
}

type Labels = Readonly<Record<string, string>>;
type Value = readonly [nanoseconds: string, line: string, metadata?: Readonly<Record<string, string>>];

interface Stream {
  readonly stream: Labels;
  readonly values: Value[];
}

/** The body of a push (https://grafana.com/docs/loki/latest/reference/loki-http-api/): one stream for each set of labels. */
export function encodeLokiPush(records: readonly backend.LogRecord[], options: LokiEncodingOptions): string {
  const streams = new Map<string, Stream>();
  for (const { workload, item } of records) {
    if (!item) continue;
    const key = `${workload?.kind ?? ''}\0${item.channel}\0${workload?.name ?? ''}`;
    let stream = streams.get(key);
    if (!stream) streams.set(key, (stream = { stream: labelsOf(workload, item, options.labels), values: [] }));
    stream.values.push(valueOf(item, workload !== undefined, options.structuredMetadata));
  }
  return JSON.stringify({ streams: [...streams.values()] });
}

/** Loki keeps an index for each set of labels: there is one for each channel of each workload, and no more. */
function labelsOf(workload: backend.LogRecord['workload'], { channel }: observe.LogItem, labels: Labels): Labels {
  return {
    ...labels,
    ...(workload ? { kind: workloadKindName(workload.kind), workload: workload.name } : { kind: 'daemon' }),
    ...(channel === '' ? {} : { channel }),
  };
}

function valueOf(item: observe.LogItem, isWorkload: boolean, hasMetadata: boolean): Value {
  const line = isWorkload ? item.line : daemonLine(item);
  const nanoseconds = uniqueNanoseconds(item);
  return hasMetadata ? [nanoseconds, line, metadataOf(item)] : [nanoseconds, line];
}

/**
 * The sequence number takes the place of the nanoseconds, which are not known: so lines of one millisecond keep their
 * order, and one that is sent twice is the same entry, which Loki keeps once.
 */
function uniqueNanoseconds({ timestamp, sequence }: observe.LogItem): string {
  const ms = timestamp > 0n ? timestamp : 0n;
  return `${ms * 1_000_000n + (sequence % 1_000_000n)}`;
}

/** For `| json` in a query. */
function daemonLine({ level, line, fieldsJson }: observe.LogItem): string {
  const fields = fieldsJson === '' ? undefined : parseFields(fieldsJson);
  return JSON.stringify({ level: level || undefined, message: line, fields });
}

function metadataOf({ sequence, level, dropped, partial }: observe.LogItem): Record<string, string> {
  const metadata: Record<string, string> = { sequence: `${sequence}` };
  if (level) metadata['level'] = level;
  if (dropped) metadata['dropped'] = `${dropped}`;
  if (partial) metadata['partial'] = 'true';
  return metadata;
}
