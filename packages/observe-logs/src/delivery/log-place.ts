import type { observe } from '@aurae/proto';

/** How far somebody has come in the log of a workload. */
export interface LogPlace {
  /** Names the log, as `LogBatch.logId` tells; empty when the backend tells none. */
  readonly logId: string;
  /** Sequence number of the last item; 0n before the first. */
  readonly afterSequence: bigint;
}

/**
 * Reads the log of a workload from a place on, and follows it until the workload has ended for good and everything of it
 * was delivered. A log of another name than the place's is read from its beginning. Memory is bounded by the reader's
 * pace: a batch has about 256 items or 256 KiB.
 *
 * @param signal ends it: what waits for the next batch rejects
 * @throws NotFoundError, here or by the iteration, when there is no such log any more
 */
export type OpenWorkloadLog = (place: LogPlace, signal: AbortSignal) => AsyncIterable<observe.LogBatch>;

/** Whether both names are of the same log, as far as they tell. */
export function isSameLog(logId: string, other: string): boolean {
  return logId === other || logId === '' || other === '';
}

/** Far more than the parts into which writers cut long lines, and far less than what a reader takes of one record. */
const largeLineLength = 64 * 1024;

/**
 * Whether the next item may have the same sequence number: what a reader makes of a record of more than a MiB. Other
 * partial items are records of their own.
 */
export function mayGoOn({ partial, line }: observe.LogItem): boolean {
  return partial && line.length >= largeLineLength;
}

/** The place after which nothing of this item, or of the record that it is a part of, comes again or is missed. */
export function placeAfter(logId: string, item: observe.LogItem): LogPlace {
  return { logId, afterSequence: mayGoOn(item) ? item.sequence - 1n : item.sequence };
}
