import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { summaryLine, summaryOfLine } from './segment-index-line.js';
import type { SegmentSummary } from './segment-summary.js';

const indexName = 'index';
const header = 'aurae-log-index 1\n';
/** More than enough for 100,000 segments. A larger file is none of ours, and not read. */
const maximumIndexBytes = 16 * 1024 * 1024;
const safeFlags = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * What is known about the complete segments of a log, by the sequence number of their first record. It may tell of
 * segments that are gone, and not of all that are there. Lines that are damaged, and a file of another version, count as
 * absent, as does everything when the file is absent or cannot be read.
 */
export async function readSegmentIndex(directory: string): Promise<ReadonlyMap<number, SegmentSummary>> {
  const summaries = new Map<number, SegmentSummary>();
  const text = await textOf(join(directory, indexName)).catch(() => '');
  if (!text.startsWith(header)) return summaries;
  for (const line of text.slice(header.length).split('\n')) {
    const summary = summaryOfLine(line);
    if (summary) summaries.set(summary.firstSequence, summary);
  }
  return summaries;
}

/**
 * Adds to the index, and begins it when there is none, or none that can be used. One caller at a time for a directory.
 * A summary of a segment that is in it already takes the other's place.
 * @throws the error of the system, such as ENOENT when the directory is absent; then some may have been added
 */
export async function appendToSegmentIndex(directory: string, summaries: readonly SegmentSummary[]): Promise<void> {
  if (summaries.length === 0) return;
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | safeFlags;
  const handle = await open(join(directory, indexName), flags, 0o600);
  try {
    const start = await startOfAppend(handle);
    await handle.appendFile(start + summaries.map(summaryLine).join(''));
  } finally {
    await handle.close();
  }
}

/**
 * Makes the index tell of these segments alone, at once: whoever reads it meanwhile gets the one or the other. One caller
 * at a time for a directory.
 * @throws the error of the system, such as ENOENT when the directory is absent; then the index is as it was
 */
export async function rewriteSegmentIndex(directory: string, summaries: Iterable<SegmentSummary>): Promise<void> {
  const path = join(directory, indexName);
  const temporary = `${path}.new`;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | safeFlags;
    const handle = await open(temporary, flags, 0o600);
    try {
      await handle.writeFile(header + Array.from(summaries, summaryLine).join(''));
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function textOf(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | safeFlags);
  try {
    const { size } = await handle.stat();
    return size > maximumIndexBytes ? '' : await handle.readFile('latin1');
  } finally {
    await handle.close();
  }
}

/** What has to come before the first line: the header of a file that is begun, the end of a line that was torn. */
async function startOfAppend(handle: FileHandle): Promise<string> {
  const { size } = await handle.stat();
  const beginning = await bytesAt(handle, 0, header.length);
  if (beginning !== header || size > maximumIndexBytes) {
    await handle.truncate(0);
    return header;
  }
  return (await bytesAt(handle, size - 1, 1)) === '\n' ? '' : '\n';
}

async function bytesAt(handle: FileHandle, position: number, length: number): Promise<string> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString('latin1', 0, bytesRead);
}
