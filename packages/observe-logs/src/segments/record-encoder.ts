import { InvalidSpecError } from '@aurae/proto';
import { characterBoundary } from './chunk-text.js';
import type { WorkloadChannel } from './cri-record.js';

export interface WrittenLine {
  readonly channel: WorkloadChannel;
  /** Without a newline. */
  readonly line: string | Uint8Array;
  /** Unix milliseconds, of the years 0 to 9999; what is finer is cut off. */
  readonly timestampMs: number;
}

/** Bytes of a line that become one record, where long ones are split: as aurae-shim does it. */
const longestPartBytes = 16 * 1024;
/** Bytes of a line of which a reader delivers the record as one item. */
const longestLineBytes = 1024 * 1024 - 64;
const newline = 10;
const end = Buffer.of(newline);
const earliestMs = Date.parse('0000-01-01T00:00:00Z');
const latestMs = Date.parse('9999-12-31T23:59:59.999Z');

/** Makes records of the CRI log format, each with its newline. */
export class RecordEncoder {
  // Lines come in bursts: most have the time of the one before.
  private timestampMs = Number.NaN;
  private timestamp = '';

  /** @param splitLines whether a line of more than 16 KiB becomes several records */
  constructor(private readonly splitLines: boolean) {}

  /** @throws InvalidSpecError when one of the lines cannot be a record */
  encode(lines: readonly WrittenLine[]): Buffer[] {
    const records: Buffer[] = [];
    for (const { channel, line, timestampMs } of lines) {
      const bytes =
        typeof line === 'string' ? Buffer.from(line) : Buffer.from(line.buffer, line.byteOffset, line.length);
      this.check(channel, bytes, timestampMs);
      this.addRecords(records, `${this.timestampOf(Math.floor(timestampMs))} ${channel}`, bytes);
    }
    return records;
  }

  private addRecords(records: Buffer[], head: string, line: Buffer): void {
    let start = 0;
    while (this.splitLines && line.length - start > longestPartBytes) {
      const rest = line.subarray(start);
      const length = characterBoundary(rest, longestPartBytes);
      records.push(Buffer.concat([Buffer.from(`${head} P `), rest.subarray(0, length), end]));
      start += length;
    }
    records.push(Buffer.concat([Buffer.from(`${head} F `), line.subarray(start), end]));
  }

  private timestampOf(milliseconds: number): string {
    if (milliseconds !== this.timestampMs) {
      this.timestampMs = milliseconds;
      this.timestamp = new Date(milliseconds).toISOString();
    }
    return this.timestamp;
  }

  private check(channel: string, line: Buffer, timestampMs: number): void {
    if (channel !== 'stdout' && channel !== 'stderr') throw unfit(`its channel is "${channel}"`);
    if (line.includes(newline)) throw unfit('it has a newline in it: hand over several lines');
    if (!this.splitLines && line.length > longestLineBytes) {
      throw unfit(`it has ${line.length} bytes, and ${longestLineBytes} is the most`);
    }
    if (!(timestampMs >= earliestMs && timestampMs <= latestMs)) throw unfit(`its time is ${timestampMs} ms`);
  }
}

function unfit(reason: string): InvalidSpecError {
  return new InvalidSpecError(`Cannot write a line to the log: ${reason}`);
}
