import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compressedSegmentName, type LogSegmentForm, logSegmentName, sealedSegmentName } from '@aurae/observe-logs';
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

const names: Record<LogSegmentForm, (firstSequence: number) => string> = {
  written: logSegmentName,
  sealed: sealedSegmentName,
  compressed: compressedSegmentName,
};

export function segmentPath(directory: string, firstSequence: number, form: LogSegmentForm = 'written'): string {
  return join(directory, names[form](firstSequence));
}

/** Takes a segment over from its writer. */
export async function sealSegment(directory: string, firstSequence: number): Promise<void> {
  await rename(segmentPath(directory, firstSequence), segmentPath(directory, firstSequence, 'sealed'));
}

/** Compresses a sealed segment. */
export async function compressSegment(directory: string, firstSequence: number): Promise<void> {
  const sealed = segmentPath(directory, firstSequence, 'sealed');
  const compressed = segmentPath(directory, firstSequence, 'compressed');
  await writeFile(`${compressed}.new`, gzipSync(await readFile(sealed), { level: 1 }));
  await rename(`${compressed}.new`, compressed);
  await rm(sealed);
}

/** Seals a segment, and compresses it, too, when that is the form. */
export async function giveForm(directory: string, firstSequence: number, form: LogSegmentForm): Promise<void> {
  if (form !== 'written') await sealSegment(directory, firstSequence);
  if (form === 'compressed') await compressSegment(directory, firstSequence);
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
