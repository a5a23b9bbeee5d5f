import type { meta, observe } from '@aurae/proto';
import type { LogPlace } from './log-place.js';

/** Lines that a sink will never get. */
export interface SourceLoss {
  /** 0 when nobody can tell. */
  readonly lines: number;
  /** A sentence's end: why they were lost. */
  readonly reason: string;
}

/** A log with a sink's place in it. Nothing here waits: what has no news is left alone until it announces some. */
export interface LogSource {
  /** Whose log it is; undefined for the daemon's own. */
  readonly workload: meta.WorkloadReference | undefined;
  /** Whether there is something to take now: an item, or a loss alone. */
  readonly hasNext: boolean;
  /** Size of the next item's line and fields in bytes; 0 for a loss alone. */
  readonly nextBytes: number;
  /** What was lost right before the next item. */
  readonly nextLoss: SourceLoss | undefined;
  /** Takes the next item; undefined for a loss alone. Whoever gets the same object does not change it. */
  next(): observe.LogItem | undefined;
  /** Called after a run of `next`, with or without some left. Gives the place after what was taken. */
  pass(): LogPlace | undefined;
  /** Everything up to a place that `pass` gave is the sink's, or was told to it as lost. */
  settle(place: LogPlace | undefined): void;
}
