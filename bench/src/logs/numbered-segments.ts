import { lineBytes } from './line-check.js';

/** Of the CRI log format, before the line: `2026-01-31T23:59:59.000000000Z stdout F `. */
const prefixBytes = 40;
const recordBytes = prefixBytes + lineBytes;
const secondDigits = '2026-01-31T23:59:59'.length;
const millisecondPlace = secondDigits + 1;
const digits = 10;
/** Between two records. */
const stepMs = 10;
const zero = 48;

/** Segments as aurae-shim writes them, of numbered lines at even times, made much faster than by a writer. */
export class NumberedSegments {
  /** In one segment. */
  readonly records: number;
  private readonly bytes: Buffer;

  /** @param startMs time of the record of number 0: a whole second */
  constructor(
    private readonly startMs: number,
    segmentBytes: number,
  ) {
    this.records = Math.floor(segmentBytes / recordBytes);
    const record = `2026-01-31T23:59:59.000000000Z stdout F 0000000000 ${'x'.repeat(lineBytes - digits - 2)}\n`;
    this.bytes = Buffer.from(record.repeat(this.records), 'latin1');
  }

  /** Unix milliseconds of a record; those of all numbers differ. */
  timeOf(number: number): number {
    return this.startMs + number * stepMs;
  }

  /** The bytes of the segment that begins with that number, until the next one is made. */
  segment(firstNumber: number): Buffer {
    for (let index = 0, second = ''; index < this.records; index++) {
      const number = firstNumber + index;
      const milliseconds = this.timeOf(number);
      if (second === '' || milliseconds % 1_000 === 0) second = new Date(milliseconds).toISOString();
      this.writeRecord(index * recordBytes, second, milliseconds % 1_000, number);
    }
    return this.bytes;
  }

  private writeRecord(at: number, second: string, milliseconds: number, number: number): void {
    this.bytes.write(second.slice(0, secondDigits), at, 'latin1');
    this.writeDigits(at + millisecondPlace, 3, milliseconds);
    this.writeDigits(at + prefixBytes, digits, number);
  }

  private writeDigits(at: number, count: number, value: number): void {
    let rest = value;
    for (let digit = at + count - 1; digit >= at; digit--) {
      this.bytes[digit] = zero + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}
