import { errorCode } from './error-code.js';
import type { LogRange } from './log-read-options.js';
import type { LogSegment } from './log-segment.js';
import { SegmentCursor } from './segment-cursor.js';
import type { SegmentPlace } from './segment-place.js';

/** How often a segment may be listed and gone again: it gets two other names in its life. */
const maximumAttempts = 5;

/**
 * Opens a segment that was listed, by the name that it has now.
 * @throws the error of the system; ENOENT when it is no longer there under any name
 */
export async function openListedSegment(
  { directory, listSegments }: Pick<LogRange, 'directory' | 'listSegments'>,
  listed: LogSegment,
  place?: SegmentPlace,
): Promise<SegmentCursor> {
  let segment = listed;
  for (let attempt = 1; ; attempt++) {
    try {
      return await SegmentCursor.open(segment, place);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || attempt === maximumAttempts) throw error;
      const found = (await listSegments(directory)).find(({ firstSequence }) => firstSequence === listed.firstSequence);
      if (!found) throw error;
      segment = found;
    }
  }
}
