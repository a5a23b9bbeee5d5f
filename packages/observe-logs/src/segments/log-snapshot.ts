import { stat } from 'node:fs/promises';
import type { ListLogSegments, LogSegment } from './log-segment.js';

/** The end of a log at one moment: nothing that was written later lies before it. */
export interface LogSnapshot {
  readonly segments: readonly LogSegment[];
  /** The last of them. */
  readonly last: LogSegment;
  /** Where its records end; Infinity when it is compressed: then nobody writes to it. */
  readonly sizeBytes: number;
}

const maximumAttempts = 5;

/** Where the log ends now; undefined when it has no segment. */
export async function logSnapshot(directory: string, listSegments: ListLogSegments): Promise<LogSnapshot | undefined> {
  for (let attempt = 1; ; attempt++) {
    const segments = await listSegments(directory);
    const last = segments.at(-1);
    if (!last) return undefined;
    const status = await stat(last.path).catch(() => undefined);
    // It may be removed at any moment. One that is listed and never there is told by whoever opens it.
    if (!status && attempt < maximumAttempts) continue;
    return { segments, last, sizeBytes: last.form === 'compressed' ? Infinity : (status?.size ?? 0) };
  }
}
