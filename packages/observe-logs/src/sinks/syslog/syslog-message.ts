import type { meta, observe } from '@aurae/proto';
import { limitLine } from '../../ring/line-limit.js';
import { timeText } from '../../lines/time-text.js';
import { workloadKindName } from '../../lines/workload-kind-name.js';
import { syslogSeverity } from '../syslog-severity.js';
import { structuredParameter } from './structured-data.js';
import type { EncodeSyslog } from './syslog-transport.js';

export interface SyslogMessageOptions {
  /** 0 to 23, RFC 5424, section 6.2.1. */
  readonly facility: number;
  readonly hostname: string;
  /** Of the daemon's own lines; those of workloads have the workload's name. */
  readonly appName: string;
  /** Whether text beyond ASCII begins with the mark that RFC 5424 asks for. */
  readonly byteOrderMark: boolean;
}

const nil = '-';
/** 32473 is the number that RFC 5612 sets aside for those who have none of their own. */
const structuredDataId = 'aurae@32473';
const rfc3339Length = 24;
/** A name longer than this is cut in the structured data. */
const longestNameBytes = 256;
const byteOrderMark = '\ufeff';
const byteOrderMarkBytes = 3;
const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
const beyondAscii = /[^\u0000-\u007f]/;

/**
 * Encodes records as messages of RFC 5424, without a frame, of at most `limitBytes` (2 KiB and more); a longer text is
 * cut and says so. Control characters but for the tab are written as rsyslog does: `#` and three octal digits.
 */
export function syslogEncoder(options: SyslogMessageOptions): EncodeSyslog {
  const sources = new SourceTexts(options.appName);
  const hostname = printable(options.hostname, 255);
  return ({ workload, item }, limitBytes) => {
    if (!item) return '';
    const { names, parameters } = sources.of(workload, item.channel);
    const priority = options.facility * 8 + syslogSeverity(item);
    const head = `<${priority}>1 ${timestampOf(item)} ${hostname} ${names} ${structuredData(parameters, item)} `;
    const text = (item.fieldsJson ? `${item.line} ${item.fieldsJson}` : item.line).replace(controls, octal);
    const room = limitBytes - Buffer.byteLength(head) - byteOrderMarkBytes;
    const { line } = limitLine(text, room);
    return options.byteOrderMark && beyondAscii.test(line) ? `${head}${byteOrderMark}${line}` : `${head}${line}`;
  };
}

interface SourceText {
  /** APP-NAME, PROCID and MSGID. */
  readonly names: string;
  readonly parameters: string;
}

/** What is the same for all lines of one channel of a source: the text of the newest is kept. */
class SourceTexts {
  private workload: meta.WorkloadReference | undefined;
  private channel: string | undefined;
  private text: SourceText = { names: '', parameters: '' };

  constructor(private readonly appName: string) {}

  of(workload: meta.WorkloadReference | undefined, channel: string): SourceText {
    if (this.channel !== channel || this.workload !== workload) {
      this.text = sourceText(workload, channel, this.appName);
      this.channel = channel;
      this.workload = workload;
    }
    return this.text;
  }
}

function sourceText(workload: meta.WorkloadReference | undefined, channel: string, appName: string): SourceText {
  const parameters = [
    ...(workload ? [structuredParameter('kind', workloadKindName(workload.kind))] : []),
    ...(workload ? [structuredParameter('workload', shortened(workload.name))] : []),
    ...(channel ? [structuredParameter('channel', shortened(channel))] : []),
  ];
  return {
    names: `${printable(workload?.name ?? appName, 48)} ${nil} ${printable(channel, 32)}`,
    parameters: parameters.map((parameter) => ` ${parameter}`).join(''),
  };
}

function structuredData(sourceParameters: string, item: observe.LogItem): string {
  let data = `[${structuredDataId} sequence="${item.sequence}"${sourceParameters}`;
  if (item.level) data += ` ${structuredParameter('level', shortened(item.level))}`;
  if (item.dropped) data += ` dropped="${item.dropped}"`;
  if (item.partial) data += ' partial="true"';
  return `${data}]`;
}

function timestampOf({ timestamp }: observe.LogItem): string {
  const time = timeText(timestamp);
  return time.length === rfc3339Length ? time : nil;
}

function shortened(text: string): string {
  return limitLine(text, longestNameBytes).line;
}

/** What the header takes: visible ASCII, no space. */
function printable(text: string, longest: number): string {
  return text.replace(/[^\u0021-\u007e]/g, '_').slice(0, longest) || nil;
}

function octal(character: string): string {
  return `#${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
