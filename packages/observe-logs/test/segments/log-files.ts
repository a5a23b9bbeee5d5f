import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logSegmentName } from '@aurae/observe-logs';
import { onTestFinished } from 'vitest';

/** A record, with the newline at its end. */
export function criRecord(content: string | Buffer, options: { time?: string; head?: string } = {}): Buffer {
  const { time = '2024-05-06T07:08:09.123456789Z', head = 'stdout F' } = options;
  return Buffer.concat([Buffer.from(`${time} ${head} `), Buffer.from(content), Buffer.from('\n')]);
}

export interface SegmentContent {
  readonly firstSequence: number;
  /** Whole records, or anything else. */
  readonly bytes: readonly (Buffer | string)[];
}

export function segmentPath(directory: string, firstSequence: number): string {
  return join(directory, logSegmentName(firstSequence));
}

/** Writes a log as aurae-shim would have left it. */
export async function writeLogSegments(directory: string, segments: readonly SegmentContent[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const { firstSequence, bytes } of segments) {
    await writeFile(segmentPath(directory, firstSequence), Buffer.concat(bytes.map((part) => Buffer.from(part))));
  }
}

export async function append(directory: string, firstSequence: number, ...bytes: (Buffer | string)[]): Promise<void> {
  await appendFile(segmentPath(directory, firstSequence), Buffer.concat(bytes.map((part) => Buffer.from(part))));
}

/** A directory of the test's own. It is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'aurae-segments-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A log of these lines in one segment. */
export async function logOf(lines: readonly (string | Buffer)[], firstSequence = 1): Promise<string> {
  const directory = temporaryDirectory();
  await writeLogSegments(directory, [{ firstSequence, bytes: lines.map((line) => criRecord(line)) }]);
  return directory;
}
