import { crc32 } from 'node:zlib';
import type { SegmentSummary } from './segment-summary.js';

const checksumDigits = 8;
const fields = /^([1-9]\d{0,15}) (\d{1,16}) (-?\d{1,16}|-) (-?\d{1,16}|-) (\d{1,16}) (\d{1,16}|-) (\d{1,16}) $/;

/**
 * A line of the index, with its newline: first sequence number, records, earliest and latest time, bytes, records of
 * standard error, malformed records, and the CRC-32 of what comes before it. `-` stands for what there is not.
 */
export function summaryLine(summary: SegmentSummary): string {
  const { firstSequence, records, minimumMs, maximumMs, bytes, stderr = '-', malformed = 0 } = summary;
  const times = `${timeText(minimumMs)} ${timeText(maximumMs)}`;
  const text = `${firstSequence} ${records} ${times} ${bytes} ${stderr} ${malformed} `;
  return `${text}${checksum(text)}\n`;
}

/** What a line without its newline tells; undefined when it is damaged. */
export function summaryOfLine(line: string): SegmentSummary | undefined {
  const text = line.slice(0, -checksumDigits);
  const found = fields.exec(text);
  if (!found || checksum(text) !== line.slice(-checksumDigits)) return undefined;
  const [, firstSequence, records, minimumMs, maximumMs, bytes, stderr, malformed] = found;
  return {
    firstSequence: Number(firstSequence),
    records: Number(records),
    minimumMs: minimumMs === '-' ? Infinity : Number(minimumMs),
    maximumMs: maximumMs === '-' ? -Infinity : Number(maximumMs),
    bytes: Number(bytes),
    malformed: Number(malformed),
    ...(stderr !== '-' && { stderr: Number(stderr) }),
  };
}

function timeText(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? String(milliseconds) : '-';
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(checksumDigits, '0');
}
