import type { observe } from '@aurae/proto';
import { BoundedRing } from './bounded-ring.js';
import { limitLine } from './line-limit.js';
import { LogCursor } from './log-cursor.js';
import { encodeFields, type LogFields } from './log-fields.js';
import type { LogLevel } from '../lines/log-level.js';
import { LogSubscription } from './log-subscription.js';
import { integerInRange } from '../option-range.js';

const noBytes = Buffer.alloc(0);

const mebibyte = 1024 * 1024;

export interface LogRingOptions {
  /** Lines to keep. 1 to 10,000,000; default 10,000. */
  readonly maximumItems?: number;
  /** Bytes to keep: the UTF-8 of lines and fields. 1 KiB to 4 GiB; default 8 MiB. The newest line is always kept. */
  readonly maximumBytes?: number;
  /** Where a line is cut, and from where on its fields are left out. 128 bytes to 16 MiB; default 64 KiB. */
  readonly maximumLineBytes?: number;
}

/** A line on its way into a log. */
export interface LogLine {
  /** `stdout`, `stderr` or the daemon component. */
  readonly channel: string;
  readonly line: string;
  /** Unix milliseconds; kept as given, without a fraction. */
  readonly timestampMs: number;
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}

/** Where to start reading. Without any of it: at the first line that is kept. */
export interface LogStart {
  /** At most this many lines before the end. 0, the default, means no limit. */
  readonly tail?: number;
  /**
   * The line after this one, however long ago: what is no longer kept counts as dropped. 0n is the very first line.
   * A number that the log has not reached yet is from an earlier log of the same source: it starts over.
   */
  readonly afterSequence?: bigint;
}

export interface LogSubscribeOptions extends LogStart {
  /** Ends with the lines that are there now, rather than follow. Default false. */
  readonly backlogOnly?: boolean;
  /** Ends the subscription: the loop throws its reason. */
  readonly signal: AbortSignal;
}

/**
 * The newest lines of one log, in memory. Any number of readers follow it, each at its own speed and each from its
 * own place in the ring: nobody waits for a reader, and a reader costs no memory. One that is slower than the ring
 * turns loses the oldest of what it has not read, and the next item that it gets tells how many lines that were.
 */
export class LogRing {
  private readonly ring: BoundedRing<observe.LogItem>;
  private readonly maximumLineBytes: number;

  /** @throws RangeError when an option is out of its range */
  constructor(options: LogRingOptions = {}) {
    const { maximumItems = 10_000, maximumBytes = 8 * mebibyte, maximumLineBytes = 64 * 1024 } = options;
    this.ring = new BoundedRing(
      integerInRange('maximumItems', maximumItems, 1, 10_000_000),
      integerInRange('maximumBytes', maximumBytes, 1024, 4096 * mebibyte),
    );
    this.maximumLineBytes = integerInRange('maximumLineBytes', maximumLineBytes, 128, 16 * mebibyte);
  }

  /** Sequence number of the newest line; 0n before the first. */
  get lastSequence(): bigint {
    return BigInt(this.ring.newest);
  }

  /** Lines that are kept now. */
  get keptItems(): number {
    return this.ring.newest - this.ring.oldest + 1;
  }

  /** Bytes that are kept now. */
  get keptBytes(): number {
    return this.ring.bytes;
  }

  /** Readers that wait for the next line: the only ones that the ring refers to. */
  get waitingReaders(): number {
    return this.ring.parkedReaders;
  }

  /** Adds a line and returns its sequence number, from 1n up without a gap. Never waits, never throws. */
  append({ channel, line, timestampMs, level, fields }: LogLine): bigint {
    const limited = limitLine(line, this.maximumLineBytes);
    const fieldsJson = fields === undefined ? '' : encodeFields(fields, this.maximumLineBytes);
    // Every reader gets the same object, those of somebody else's modules included.
    const item: observe.LogItem = Object.freeze({
      channel,
      line: limited.line,
      timestamp: BigInt(Number.isFinite(timestampMs) ? Math.trunc(timestampMs) : 0),
      sequence: BigInt(this.ring.newest + 1),
      dropped: 0n,
      level: level ?? '',
      fieldsJson,
      partial: false,
      lineBytes: noBytes,
    });
    this.ring.add(item, limited.bytes + (fieldsJson === '' ? 0 : Buffer.byteLength(fieldsJson)));
    return item.sequence;
  }

  /** A place to read from, for readers that take batches. @throws RangeError when an option is out of its range */
  cursor(start: LogStart = {}): LogCursor {
    return new LogCursor(this.ring, this.sequenceOf(start));
  }

  /**
   * The kept lines and then the coming ones, with no gap and no double between them, until `end`. Every subscriber
   * gets every line. @throws RangeError when an option is out of its range
   */
  subscribe({ backlogOnly = false, signal, ...start }: LogSubscribeOptions): AsyncIterableIterator<observe.LogItem> {
    return new LogSubscription(this.cursor(start), signal, backlogOnly ? this.lastSequence : undefined);
  }

  /** No line is to be expected any more: subscribers end after the last one. Lines that come all the same are kept. */
  end(): void {
    this.ring.end();
  }

  private sequenceOf({ tail = 0, afterSequence }: LogStart): number {
    integerInRange('tail', tail, 0, 2 ** 32 - 1);
    if (afterSequence !== undefined && afterSequence < 0n) {
      throw new RangeError(`afterSequence must be 0 or more, not ${afterSequence}`);
    }
    const { oldest, newest } = this.ring;
    const isKnown = afterSequence !== undefined && afterSequence <= newest;
    const next = isKnown ? Number(afterSequence) + 1 : oldest;
    return tail === 0 ? next : Math.max(next, oldest, newest - tail + 1);
  }
}
