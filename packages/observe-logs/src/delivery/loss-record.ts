import type { backend, meta } from '@aurae/proto';

/** Channel of the records that the dispatcher itself adds. */
export const lossChannel = 'observe-logs';

export interface Loss {
  /** 0 when nobody can tell. */
  readonly lines: number;
  /** A sentence's end: why they were lost. */
  readonly reason: string;
  readonly sinkName: string;
  readonly workload: meta.WorkloadReference | undefined;
  /** Unix milliseconds. */
  readonly timestamp: bigint;
}

/** Tells a sink of lines that it will never see. It stands where they would have stood, and has sequence number 0. */
export function lossRecord({ lines, reason, sinkName, workload, timestamp }: Loss): backend.LogRecord {
  return {
    workload,
    item: {
      channel: lossChannel,
      line: `${lostLines(lines)} lost here: ${reason}`,
      timestamp,
      sequence: 0n,
      dropped: 0n,
      level: 'warn',
      fieldsJson: JSON.stringify({ sink: sinkName, lostLines: lines || undefined }),
      partial: false,
      lineBytes: Buffer.alloc(0),
    },
  };
}

function lostLines(lines: number): string {
  if (lines === 0) return 'Lines may have been';
  return lines === 1 ? '1 line was' : `${lines} lines were`;
}
