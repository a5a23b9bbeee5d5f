import type { backend, observe } from '@aurae/proto';
import { limitLine } from '../../ring/line-limit.js';
import { timeText } from '../../lines/time-text.js';
import { workloadKindName } from '../../lines/workload-kind-name.js';
import { syslogSeverity } from '../syslog-severity.js';

const lineFeed = 0x0a;
/** Of MESSAGE in the longer of the two forms: name, line feed, length, line feed. */
const messageFrameBytes = 'MESSAGE'.length + 10;
/** What the note about a cut takes at most. */
const cutNoteBytes = 64;

/**
 * One datagram of the journal's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/) of at most `limitBytes`
 * (2 KiB and more). MESSAGE has the exact bytes of the line; a longer one is cut and says so.
 */
export function journalEntry({ workload, item }: backend.LogRecord, limitBytes: number): Buffer {
  if (!item) return Buffer.alloc(0);
  const head = [...sourceFields(workload, item), ...itemFields(item)].map(([name, value]) => field(name, value));
  const fields = item.fieldsJson ? field('AURAE_FIELDS', item.fieldsJson) : Buffer.alloc(0);
  const headBytes = head.reduce((sum, { length }) => sum + length, 0);
  // The message matters more than what describes it.
  const kept = headBytes + fields.length <= limitBytes / 2 ? [...head, fields] : head;
  const used = kept.reduce((sum, { length }) => sum + length, 0) + messageFrameBytes;
  return Buffer.concat([...kept, field('MESSAGE', messageOf(item, limitBytes - used))]);
}

type Field = readonly [name: string, value: string];

function sourceFields(workload: backend.LogRecord['workload'], { channel }: observe.LogItem): Field[] {
  const source: Field[] = workload
    ? [
        ['SYSLOG_IDENTIFIER', shortened(workload.name)],
        ['AURAE_WORKLOAD', shortened(workload.name)],
        ['AURAE_KIND', workloadKindName(workload.kind)],
      ]
    : [['SYSLOG_IDENTIFIER', 'auraed']];
  return channel ? [...source, ['AURAE_CHANNEL', shortened(channel)]] : source;
}

function itemFields(item: observe.LogItem): Field[] {
  const fields: Field[] = [
    ['PRIORITY', `${syslogSeverity(item)}`],
    ['AURAE_TIME', timeText(item.timestamp)],
    ['AURAE_SEQUENCE', `${item.sequence}`],
  ];
  if (item.level) fields.push(['AURAE_LEVEL', shortened(item.level)]);
  if (item.dropped) fields.push(['AURAE_DROPPED', `${item.dropped}`]);
  if (item.partial) fields.push(['AURAE_PARTIAL', 'true']);
  return fields;
}

function messageOf({ line, lineBytes }: observe.LogItem, limitBytes: number): Buffer | string {
  if (lineBytes.length === 0) return limitLine(line, limitBytes).line;
  if (lineBytes.length <= limitBytes) return lineBytes;
  const note = Buffer.from(`… (cut: the line has ${lineBytes.length} bytes)`);
  return Buffer.concat([lineBytes.subarray(0, limitBytes - cutNoteBytes), note]);
}

function shortened(text: string): string {
  return limitLine(text, 256).line;
}

/** `NAME=value`, or, where the value has a line feed, the name, its length in 64 bits and the value. */
function field(name: string, value: string | Buffer): Buffer {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value);
  if (!bytes.includes(lineFeed)) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}
