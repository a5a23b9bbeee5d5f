import { meta } from '@aurae/proto';

/** What became of the records of one sink. */
export interface SinkStatus {
  readonly name: string;
  /** Records that the sink has accepted, those that tell of a loss included. */
  readonly writtenRecords: number;
  /** Lines that never reach the sink: the log let them go first, or the sink refused them for good. */
  readonly droppedRecords: number;
  /** Lines that wait for the sink, those being written included. */
  readonly pendingRecords: number;
  /** Writes that were made again. */
  readonly retries: number;
  /** The newest failure, also when it is over. */
  readonly lastError: SinkFailure | undefined;
  readonly health: meta.Health;
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
