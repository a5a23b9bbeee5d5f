import { meta, type observe } from '@aurae/proto';
import type { WhenBehind } from './sink-settings.js';
import type { UnreadableLogs } from './workload-feeds.js';

/** What became of the records of one sink. */
export interface SinkStatus {
  readonly name: string;
  /** Records that the sink has accepted, those that tell of a loss included. */
  readonly writtenRecords: number;
  /** Lines that never reach the sink: the log let them go first, the sink refused them for good, or they were given up. */
  readonly droppedRecords: number;
  /** Lines that wait for the sink as far as they were read, those being written included. */
  readonly pendingRecords: number;
  /** Writes that were made again. */
  readonly retries: number;
  /** The newest failure, also when it is over. */
  readonly lastError: SinkFailure | undefined;
  /** Of the sink alone: logs that cannot be read are no fault of it. */
  readonly health: meta.Health;
  readonly whenBehind: WhenBehind;
  /** What is kept for it beyond the bounds of the logs. */
  readonly spilledBytes: number;
  readonly unreadableLogs: UnreadableLogs | undefined;
}

export interface SinkFailure {
  readonly message: string;
  /** Unix milliseconds. */
  readonly timestampMs: number;
}

/** @param failuresInARow writes that failed since the last one that did not */
export function sinkHealth(name: string, failuresInARow: number, lastError: SinkFailure | undefined): meta.Health {
  if (failuresInARow === 0 || !lastError)
    return { state: meta.HealthState.HEALTH_STATE_SERVING, reason: '', remedy: '' };
  const times = failuresInARow === 1 ? 'the last write' : `the last ${failuresInARow} writes`;
  return {
    state: meta.HealthState.HEALTH_STATE_DEGRADED,
    reason: `The log sink "${name}" failed ${times}: ${lastError.message}`,
    remedy: '',
  };
}

/** The status as the wire has it. Logs that cannot be read are told in the reason of a sink that works. */
export function logSinkStatus(status: SinkStatus): observe.LogSinkStatus {
  const { health, unreadableLogs, lastError } = status;
  const logs = unreadableLogs && `Logs that cannot be read: ${unreadableLogs.count}, such as ${unreadableLogs.example}`;
  return {
    name: status.name,
    health: { ...health, reason: health.reason || (logs ?? '') },
    writtenRecords: BigInt(status.writtenRecords),
    droppedRecords: BigInt(status.droppedRecords),
    pendingRecords: BigInt(status.pendingRecords),
    retries: BigInt(status.retries),
    lastError: lastError?.message ?? '',
    lastErrorAtMs: BigInt(Math.trunc(lastError?.timestampMs ?? 0)),
    whenBehind: status.whenBehind,
    spilledBytes: BigInt(status.spilledBytes),
  };
}
