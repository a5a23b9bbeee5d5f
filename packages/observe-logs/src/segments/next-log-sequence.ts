import { FailedPreconditionError } from '@aurae/proto';
import { errorCode } from './error-code.js';
import { type ListLogSegments, listLogSegments } from './log-segment.js';
import { logSnapshot } from './log-snapshot.js';
import { scanBytes } from './chunk-buffers.js';
import { SegmentCursor } from './segment-cursor.js';

const maximumAttempts = 5;

/**
 * Sequence number that the next record of a log gets: 1n when there is no log. It counts the records of the last
 * segment; one that is not terminated yet does not count.
 */
export async function nextLogSequence(
  directory: string,
  listSegments: ListLogSegments = listLogSegments,
): Promise<bigint> {
  for (let attempt = 1; ; attempt++) {
    const snapshot = await logSnapshot(directory, listSegments);
    if (!snapshot) return 1n;
    try {
      return BigInt(await sequenceAtEnd(await SegmentCursor.open(snapshot.last), snapshot.sizeBytes));
    } catch (error) {
      // It was removed or has another name since it was listed.
      if (errorCode(error) === 'ENOENT' && attempt < maximumAttempts) continue;
      const message = `Cannot count the records of the log segment "${snapshot.last.path}": ${(error as Error).message}`;
      throw new FailedPreconditionError(message, { cause: error });
    }
  }
}

async function sequenceAtEnd(cursor: SegmentCursor, endBytes: number): Promise<number> {
  try {
    while (await cursor.fill(endBytes, scanBytes)) cursor.skipFilled();
    return cursor.nextSequence;
  } finally {
    await cursor.close();
  }
}
