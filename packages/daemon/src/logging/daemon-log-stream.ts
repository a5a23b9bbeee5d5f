import { setImmediate } from 'node:timers/promises';
import { isAtLeast, type LogLevel, type LogRing } from '@aurae/observe-logs';
import type { observe } from '@aurae/proto';
import { knownLevel } from './log-levels.js';

type Request = Omit<observe.GetAuraeDaemonLogStreamRequest, 'tail' | 'backlogOnly'>;

/** The daemon's log as a clock sees it; tests have a clock of their own. */
export interface WallClock {
  /** Unix milliseconds. */
  now(): number;
  /** Calls back once, after so many milliseconds. The result takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

/**
 * The lines of the daemon's log that a request selects: what is kept, then what comes, until the signal aborts, which
 * throws its reason, or the clock has passed `untilMs`. `tail` counts what the other criteria select. What the reader
 * has lost, between lines that are selected or not, is told by the next one that is.
 *
 * @throws InvalidSpecError for a level that there is not
 */
export function daemonLogStream(
  ring: LogRing,
  request: observe.GetAuraeDaemonLogStreamRequest,
  signal: AbortSignal,
  clock: WallClock = systemWallClock,
): AsyncIterable<observe.LogItem> {
  const { tail, backlogOnly } = request;
  const selects = selection(request);
  // The ring itself knows where the tail of everything begins.
  if (!selects) return ring.subscribe({ signal, backlogOnly, ...(tail > 0 ? { tail } : {}) });
  return new DaemonLogReading(ring, selects, request, signal, clock).items();
}

class DaemonLogReading {
  /** The last line that was looked at; undefined before the first. */
  private last: bigint | undefined;
  private lost = 0n;

  constructor(
    private readonly ring: LogRing,
    private readonly selects: (item: observe.LogItem) => boolean,
    private readonly request: observe.GetAuraeDaemonLogStreamRequest,
    private readonly signal: AbortSignal,
    private readonly clock: WallClock,
  ) {}

  async *items(): AsyncGenerator<observe.LogItem> {
    const { tail, backlogOnly, untilMs } = this.request;
    if (tail > 0) yield* await this.lastOfBacklog(tail);
    if (!backlogOnly) yield* untilMs === 0n ? this.read(false, this.signal) : this.readUntil(Number(untilMs));
    yield* this.read(true, this.signal);
  }

  /** The last so many of what is kept now. They are the ring's own objects: to hold them takes no memory of their own. */
  private async lastOfBacklog(tail: number): Promise<observe.LogItem[]> {
    let kept: observe.LogItem[] = [];
    for await (const item of this.read(true, this.signal)) {
      kept.push(item);
      // Not with each line: to take from the front of an array moves all of it.
      if (kept.length >= tail * 2 + pauseEvery) kept = kept.slice(-tail);
    }
    return kept.slice(-tail);
  }

  /** Follows until the clock has passed it; then what came before that and is still unread. */
  private async *readUntil(untilMs: number): AsyncGenerator<observe.LogItem> {
    const passed = new AbortController();
    const cancel = this.whenPassed(untilMs, () => passed.abort());
    try {
      yield* this.read(false, AbortSignal.any([this.signal, passed.signal]));
    } catch (error) {
      if (this.signal.aborted || !passed.signal.aborted) throw error;
    } finally {
      cancel();
    }
  }

  private async *read(backlogOnly: boolean, signal: AbortSignal): AsyncGenerator<observe.LogItem> {
    const after = this.last === undefined ? {} : { afterSequence: this.last };
    let looked = 0;
    for await (const item of this.ring.subscribe({ signal, backlogOnly, ...after })) {
      if (++looked % pauseEvery === 0) await setImmediate();
      this.last = item.sequence;
      this.lost += item.dropped;
      if (!this.selects(item)) continue;
      const dropped = this.lost;
      this.lost = 0n;
      yield dropped === item.dropped ? item : { ...item, dropped };
    }
  }

  /** A clock that was set back has not passed it yet; a timer takes no more than so long. */
  private whenPassed(untilMs: number, passed: () => void): () => void {
    let cancel = (): void => {};
    const look = (): void => {
      const leftMs = untilMs - this.clock.now();
      if (leftMs < 0) passed();
      else cancel = this.clock.after(Math.min(leftMs + 1, longestTimerMs), look);
    };
    look();
    return () => cancel();
  }
}

const longestTimerMs = 2 ** 31 - 1;
/** A backlog may have millions of lines, and others want to be served, too. */
const pauseEvery = 4096;

const systemWallClock: WallClock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Undefined where everything is selected. */
function selection({ sinceMs, untilMs, component, minimumLevel }: Request) {
  const level: LogLevel | undefined = minimumLevel === '' ? undefined : knownLevel(minimumLevel, 'minimum_level');
  if (sinceMs === 0n && untilMs === 0n && component === '' && level === undefined) return undefined;
  return (item: observe.LogItem): boolean =>
    (sinceMs === 0n || item.timestamp >= sinceMs) &&
    (untilMs === 0n || item.timestamp <= untilMs) &&
    (component === '' || item.channel === component) &&
    (level === undefined || isAtLeast(item.level, level));
}
