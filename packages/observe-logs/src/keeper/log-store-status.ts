import { observe } from '@aurae/proto';
import type { KeptWorkloadLog } from './kept-workload-log.js';
import type { LogBounds } from './retention.js';

export interface LogSums {
  readonly bytes: number;
  readonly uncompressedBytes: number;
  readonly spilledBytes: number;
}

export interface RemovedLogs {
  readonly bytes: number;
  readonly segments: number;
}

const mostListed = 10;

export function logStoreStatus(
  bounds: LogBounds,
  sums: LogSums,
  removed: RemovedLogs,
  logs: Iterable<KeptWorkloadLog>,
  notice: string,
): observe.LogStoreStatus {
  return observe.LogStoreStatus.fromPartial({
    bytes: BigInt(sums.bytes),
    maxBytes: BigInt(bounds.maximumBytes),
    maxBytesPerWorkload: BigInt(bounds.maximumBytesPerWorkload),
    maxAgeMs: BigInt(bounds.maximumAgeMs),
    removedBytes: BigInt(removed.bytes),
    removedSegments: BigInt(removed.segments),
    spilledBytes: BigInt(sums.spilledBytes),
    uncompressedBytes: BigInt(sums.uncompressedBytes),
    largest: largestOf(logs).map(({ workload, bytes }) => ({ workload, bytes: BigInt(bytes) })),
    notice,
  });
}

/** Largest first. */
function largestOf(logs: Iterable<KeptWorkloadLog>): KeptWorkloadLog[] {
  const largest: KeptWorkloadLog[] = [];
  for (const log of logs) {
    if (largest.length === mostListed && log.bytes <= (largest.at(-1)?.bytes ?? 0)) continue;
    const place = largest.findIndex(({ bytes }) => bytes < log.bytes);
    largest.splice(place < 0 ? largest.length : place, 0, log);
    if (largest.length > mostListed) largest.pop();
  }
  return largest;
}
