import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FailedPreconditionError } from '@aurae/proto';
import { errorCode } from './error-code.js';

/**
 * What a segment's file is called after its number: `.log` as its writer made it, `.sealed.log` once the keeper has taken
 * it over from the writer, `.sealed.log.gz` once it is compressed, too.
 */
export type LogSegmentForm = 'written' | 'sealed' | 'compressed';

/** One file of a log. All but the last are complete; the last is written to. */
export interface LogSegment {
  readonly path: string;
  /** Sequence number of its first record: a safe integer from 1 up. */
  readonly firstSequence: number;
  /** Default: `written`. */
  readonly form?: LogSegmentForm;
}

/** The segments that a log has now, in ascending order. None when the directory is absent. */
export type ListLogSegments = (directory: string) => Promise<readonly LogSegment[]>;

const segmentName = /^(\d{20})\.log$/;

/** Name of the segment that begins with this record, as aurae-shim gives it. */
export function logSegmentName(firstSequence: number): string {
  return `${String(firstSequence).padStart(20, '0')}.log`;
}

/** The segments of a directory that aurae-shim writes; other files there are none of the log. */
export const listLogSegments: ListLogSegments = async (directory) => {
  const segments: LogSegment[] = [];
  for (const entry of await entriesOf(directory)) {
    const firstSequence = Number(segmentName.exec(entry.name)?.[1] ?? 0);
    if (firstSequence < 1 || !Number.isSafeInteger(firstSequence) || !entry.isFile()) continue;
    segments.push({ path: join(directory, entry.name), firstSequence });
  }
  return segments.sort((one, other) => one.firstSequence - other.firstSequence);
};

async function entriesOf(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    const message = `Cannot read the log directory "${directory}": ${(error as Error).message}. Check its permissions and that it is a directory`;
    throw new FailedPreconditionError(message, { cause: error });
  }
}
