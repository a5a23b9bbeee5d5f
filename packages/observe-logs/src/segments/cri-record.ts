import { TimestampReader } from './timestamp-reader.js';

const space = 32;
const colon = 58;

/** Channels of a workload's log. */
export type WorkloadChannel = 'stdout' | 'stderr';

/**
 * Takes records of the CRI log format apart: `<RFC 3339> stdout|stderr F|P[:tag…] <bytes>`. One object for a whole
 * log: its fields tell of the record that was parsed last.
 */
export class CriRecord {
  /** Empty when the record is malformed: nobody knows where it belongs. */
  channel: WorkloadChannel | '' = '';
  partial = false;
  /** Where its bytes begin; the first byte of all when the record is malformed. */
  contentStart = 0;
  /** Unix milliseconds; of the record before when this one is malformed. */
  timestampMs = 0;
  private readonly timestamp = new TimestampReader();

  /** Parses the record between `start` and `end`, without its newline. */
  parse(bytes: Buffer, start: number, end: number): void {
    this.channel = '';
    this.partial = false;
    this.contentStart = start;
    const afterTime = this.timestamp.read(bytes, start, end);
    if (afterTime < 0 || afterTime + 9 > end || bytes[afterTime] !== space) return;
    const channel = channelAt(bytes, afterTime + 1);
    if (channel === '' || bytes[afterTime + 7] !== space) return;
    const tag = bytes[afterTime + 8];
    if (tag !== 70 && tag !== 80) return;
    const contentStart = contentAfterTag(bytes, afterTime + 9, end);
    if (contentStart < 0) return;
    this.channel = channel;
    this.partial = tag === 80;
    this.contentStart = contentStart;
    this.timestampMs = this.timestamp.milliseconds;
  }
}

function channelAt(bytes: Buffer, at: number): WorkloadChannel | '' {
  if (bytes[at] !== 115 || bytes[at + 1] !== 116 || bytes[at + 2] !== 100) return '';
  if (bytes[at + 3] === 111 && bytes[at + 4] === 117 && bytes[at + 5] === 116) return 'stdout';
  return bytes[at + 3] === 101 && bytes[at + 4] === 114 && bytes[at + 5] === 114 ? 'stderr' : '';
}

/** Further tags, which later versions of the format may add, are passed over. -1: the first one was no tag. */
function contentAfterTag(bytes: Buffer, start: number, end: number): number {
  if (start === end) return end;
  if (bytes[start] === space) return start + 1;
  if (bytes[start] !== colon) return -1;
  for (let at = start; at < end; at++) if (bytes[at] === space) return at + 1;
  return end;
}
