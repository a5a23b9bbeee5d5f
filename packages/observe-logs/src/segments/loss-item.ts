import type { observe } from '@aurae/proto';

/**
 * Stands at the end of a log whose last records are missing, since no item follows that could tell. It is no record:
 * it has no channel, and the sequence number of the last record that was passed or is missing, so that one can resume
 * after it.
 */
export function lossItem(lost: number, lastSequence: number, timestampMs: number): observe.LogItem {
  return {
    channel: '',
    line: `${lost === 1 ? '1 line was' : `${lost} lines were`} lost here, at the end of the log`,
    timestamp: BigInt(timestampMs),
    sequence: BigInt(lastSequence),
    dropped: BigInt(lost),
    level: 'warn',
    fieldsJson: '',
    partial: false,
    lineBytes: Buffer.alloc(0),
  };
}
