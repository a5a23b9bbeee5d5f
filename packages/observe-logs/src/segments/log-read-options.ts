import type { WorkloadChannel } from './cri-record.js';
import { type ListLogSegments, listLogSegments } from './log-segment.js';
import { integerInRange } from '../option-range.js';

/** When a log that is being written ends. */
export interface LogEnd {
  /**
   * Resolves once the writer has written everything and has ended, with the sequence number that comes after its last
   * record. A rejection ends the read with its error.
   */
  readonly ended: Promise<{ readonly nextSequence: bigint }>;
}

export interface LogReadOptions {
  /** Where the segments are. An absent directory is an empty log. */
  readonly directory: string;
  /** Finds the segments of the directory. Default: files named by sequence number, as aurae-shim writes them. */
  readonly segments?: ListLogSegments;
  /** Ends the read: the loop throws its reason. */
  readonly signal?: AbortSignal;
  /** Default: both. */
  readonly channel?: WorkloadChannel;
  /** The last so many, as the log is when the read begins, of what the other options select. 0, the default, means all. */
  readonly tail?: number;
  /** Resume after this record: what is no longer kept counts as dropped. 0n is the very first. Default: what is kept. */
  readonly afterSequence?: bigint;
  /** End before this record. */
  readonly untilSequence?: bigint;
  /** Unix milliseconds, inclusive. 0, the default, means no limit. */
  readonly sinceMs?: number;
  /** Unix milliseconds, inclusive; a follower ends when the clock has passed it. 0, the default, means no limit. */
  readonly untilMs?: number;
  /**
   * False, the default: end with what is there when the read begins. True: wait for more, without end. A `LogEnd`:
   * wait until the writer has ended, deliver what it wrote, and end.
   */
  readonly follow?: boolean | LogEnd;
}

/** The options as numbers, each with a value. */
export interface LogRange {
  readonly directory: string;
  readonly listSegments: ListLogSegments;
  readonly channel: WorkloadChannel | undefined;
  /** 0: all. */
  readonly tail: number;
  /** Sequence number of the first wanted record; undefined: whatever is kept. */
  readonly from: number | undefined;
  /** Sequence number of the first record that is not wanted any more. */
  readonly until: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** @throws RangeError when an option is out of its range */
export function logRange(options: LogReadOptions): LogRange {
  const { directory, segments = listLogSegments, channel, tail = 0, afterSequence, untilSequence } = options;
  if (channel !== undefined && channel !== 'stdout' && channel !== 'stderr') {
    throw new RangeError(`channel must be "stdout", "stderr" or absent, not "${String(channel)}"`);
  }
  const sinceMs = integerInRange('sinceMs', options.sinceMs ?? 0, -maximumTimeMs, maximumTimeMs);
  const untilMs = integerInRange('untilMs', options.untilMs ?? 0, -maximumTimeMs, maximumTimeMs);
  return {
    directory,
    listSegments: segments,
    channel,
    tail: integerInRange('tail', tail, 0, 2 ** 32 - 1),
    from: afterSequence === undefined ? undefined : sequenceOf('afterSequence', afterSequence) + 1,
    until: untilSequence === undefined ? Infinity : sequenceOf('untilSequence', untilSequence),
    sinceMs: sinceMs === 0 ? -Infinity : sinceMs,
    untilMs: untilMs === 0 ? Infinity : untilMs,
  };
}

/** The last moment that a Date can tell. */
const maximumTimeMs = 8.64e15;

function sequenceOf(name: string, value: bigint): number {
  if (value < 0n) throw new RangeError(`${name} must be 0 or more, not ${value}`);
  return Number(value);
}
