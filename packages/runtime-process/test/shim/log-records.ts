import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

export type LoggedStream = 'stdout' | 'stderr';

export interface LogRecord {
  readonly stream: LoggedStream;
  readonly endsLine: boolean;
  readonly bytes: Buffer;
}

export interface LogSegment {
  /** Sequence number of its first record. */
  readonly first: number;
  readonly records: readonly LogRecord[];
}

const recordForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) (.*)$/s;

function parseRecord(line: string): LogRecord {
  const [, stream, tag, text] = recordForm.exec(line) ?? [];
  if (stream === undefined || text === undefined) throw new Error(`no record: ${line}`);
  return {
    stream: stream === 'stdout' ? 'stdout' : 'stderr',
    endsLine: tag === 'F',
    bytes: Buffer.from(text, 'latin1'),
  };
}

function readSegment(directory: string, name: string): LogSegment {
  expect(name).toMatch(/^\d{20}\.log$/);
  const text = readFileSync(join(directory, name), 'latin1');
  expect(text === '' || text.endsWith('\n'), `${name} ends with a torn record`).toBe(true);
  return { first: Number(name.slice(0, 20)), records: text.split('\n').slice(0, -1).map(parseRecord) };
}

/** Every segment, each of whole records only. */
export function readSegments(directory: string): readonly LogSegment[] {
  return readdirSync(directory)
    .sort()
    .map((name) => readSegment(directory, name));
}

/** All records; a gap in their sequence numbers fails. */
export function readLog(directory: string): readonly LogRecord[] {
  const segments = readSegments(directory);
  segments.slice(1).forEach((segment, index) => {
    const before = segments[index];
    expect(segment.first, 'a gap between segments').toBe((before?.first ?? 0) + (before?.records.length ?? 0));
  });
  return segments.flatMap((segment) => segment.records);
}

/** The bytes that a stream had: a break comes after each record that ends a line. */
export function reassemble(records: readonly LogRecord[], stream: LoggedStream): Buffer {
  const own = records.filter((record) => record.stream === stream);
  return Buffer.concat(own.flatMap((record) => (record.endsLine ? [record.bytes, Buffer.from('\n')] : [record.bytes])));
}
