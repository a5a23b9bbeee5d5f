import type { observe } from '@aurae/proto';

export type LogChannel = 'stdout' | 'stderr';

/** A line of a log, or a part of one that is too long to be held. */
export interface LogLine {
  readonly kind: 'line';
  /** The pieces in which it came, at least one. */
  readonly items: readonly observe.LogItem[];
  /** Its beginning is here. */
  readonly begins: boolean;
  /** Its end is here, or nothing comes after it. */
  readonly ends: boolean;
}

/** Lines that are missing before what comes next. */
export interface LogLoss {
  readonly kind: 'loss';
  /** Tells of it in `dropped`, and where. */
  readonly item: observe.LogItem;
}

export type LogEntry = LogLine | LogLoss;

/** Where the output of an item goes to. */
export function channelOf({ channel }: observe.LogItem): LogChannel {
  return channel === 'stderr' ? 'stderr' : 'stdout';
}

/** Tells of a loss at the end of a log, and is no line itself. */
export function isLossAlone({ channel, dropped }: observe.LogItem): boolean {
  return channel === '' && dropped > 0n;
}

export function timestampOf(entry: LogEntry): bigint {
  const item = entry.kind === 'loss' ? entry.item : entry.items[0];
  return item?.timestamp ?? 0n;
}
