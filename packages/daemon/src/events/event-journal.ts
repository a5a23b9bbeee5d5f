import { join } from 'node:path';
import {
  listLogSegments,
  logItems,
  type LogReadOptions,
  LogSegmentWriter,
  readLogSegments,
  type WrittenLine,
} from '@aurae/observe-logs';
import { FailedPreconditionError, type observe } from '@aurae/proto';
import { decodeEvent, encodeEvent, type EventDraft, eventTimeMs } from './event-draft.js';
import { eventSelection } from './event-selection.js';
import { NumberReserve } from './number-reserve.js';

export interface EventJournalOptions {
  /** Where it is kept; made where it is absent. */
  readonly directory: string;
  /** What it may take on the disk, about. */
  readonly maximumBytes: number;
  readonly log: { warn(message: string, fields?: Readonly<Record<string, unknown>>): void };
}

/** The history is let go of in so many parts. */
const segmentCount = 8;
/** Events that wait for the disk: what is beyond is lost, and leaves a gap. */
const mostWaiting = 16_384;
const batchLines = 256;
const channel = 'stdout';
/** The last moment that a Date can tell. */
const latestTimeMs = 8.64e15;

/**
 * The events of the node, numbered from 1 up, in the order in which they were published. Each is in a file before
 * anybody hears of it, so that a number means the same event to everybody, whatever becomes of the daemon. The oldest go
 * when the journal is full.
 */
export class EventJournal implements AsyncDisposable {
  private readonly waiting: WrittenLine[] = [];
  private writing: Promise<void> | undefined;
  private lost = 0;
  private isFailing = false;
  private isClosed = false;
  /** Of those that are in a file. */
  private newestWritten: number;

  private constructor(
    private readonly options: EventJournalOptions,
    private readonly writer: LogSegmentWriter,
    private readonly reserve: NumberReserve,
  ) {
    this.newestWritten = writer.nextSequence - 1;
  }

  static async open(options: EventJournalOptions): Promise<EventJournal> {
    const { directory, maximumBytes } = options;
    const reserve = await NumberReserve.open(join(directory, 'reserved'));
    // Files that somebody has removed do not tell how far the numbers were.
    const isEmpty = (await listLogSegments(directory)).length === 0;
    const writer = await LogSegmentWriter.open({
      directory,
      segmentBytes: Math.ceil(maximumBytes / segmentCount),
      segments: segmentCount,
      splitLines: false,
      minimumNextSequence: isEmpty ? reserve.firstOfEmpty : reserve.first,
    });
    return new EventJournal(options, writer, reserve);
  }

  /** Of the oldest event that is kept; 0 before the first. */
  async oldest(): Promise<bigint> {
    const [first] = await listLogSegments(this.options.directory);
    return this.newest === 0n ? 0n : BigInt(first?.firstSequence ?? 0);
  }

  /** Of the newest event; 0 before the first. */
  get newest(): bigint {
    return BigInt(this.newestWritten);
  }

  /** Never waits and never throws. */
  publish(draft: EventDraft): void {
    if (this.isClosed) return;
    if (this.waiting.length >= mostWaiting) {
      this.lost += 1;
      return;
    }
    this.waiting.push({ channel, line: encodeEvent(draft), timestampMs: eventTimeMs(draft.timestampMs) });
    this.writing ??= this.write();
  }

  /** Resolves once everything that was published has a number, or could not be kept. */
  async settled(): Promise<void> {
    await this.writing;
  }

  /** What is kept, from the oldest to the newest of now. */
  async *history(signal: AbortSignal): AsyncGenerator<observe.Event> {
    yield* this.read({ signal });
  }

  /** The newest event; undefined before the first. */
  async last(): Promise<observe.Event | undefined> {
    if (this.newest === 0n) return undefined;
    for await (const event of this.read({ afterSequence: this.newest - 1n })) return event;
    return undefined;
  }

  /**
   * As `WatchEvents` tells. Every reader goes at its own pace, from the files.
   *
   * @throws InvalidSpecError for what cannot be right, FailedPreconditionError for a number that is not reached yet
   */
  async *watch(request: observe.WatchEventsRequest, signal: AbortSignal): AsyncGenerator<observe.Event> {
    const selects = eventSelection(request);
    await this.settled();
    const { newest } = this;
    const { afterSequence, historyOnly } = request;
    if (afterSequence > newest) throw this.notReached(afterSequence);
    const untilMs = Math.min(Math.max(Number(request.untilMs), 0), latestTimeMs);
    const asksForHistory = request.fromOldest || request.tail > 0 || request.sinceMs > 0n || afterSequence > 0n;
    if (asksForHistory || historyOnly) {
      const isUnlimited = !request.fromOldest && afterSequence > 0n;
      const past = this.read({ signal, untilSequence: newest + 1n, ...(isUnlimited ? { afterSequence } : {}) });
      yield* request.tail > 0 ? lastOf(past, request.tail, selects) : selected(past, selects);
    }
    if (historyOnly || (untilMs > 0 && untilMs < Date.now())) return;
    yield* selected(this.read({ signal, afterSequence: newest, follow: true, untilMs }), selects);
  }

  /** Writes what waits, for as long as the disk takes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.writing;
    await this.reserve.settle(this.writer.nextSequence);
    await this.writer.close();
  }

  private async *read(options: Omit<LogReadOptions, 'directory'>): AsyncGenerator<observe.Event> {
    const { directory } = this.options;
    for await (const item of logItems(readLogSegments({ directory, ...options }))) {
      const event = decodeEvent(item);
      if (event) yield event;
    }
  }

  private async write(): Promise<void> {
    while (this.waiting.length > 0) {
      const lines = this.waiting.splice(0, batchLines);
      try {
        await this.reserve.reach(this.writer.nextSequence + lines.length);
        const { lost } = await this.writer.append(lines);
        if (lost > 0) {
          // Their numbers are left out, which shows.
          this.fails(this.writer.failure, lost);
          continue;
        }
        this.newestWritten = this.writer.nextSequence - 1;
        this.works();
      } catch (error) {
        this.fails(error, lines.length);
      }
    }
    this.writing = undefined;
  }

  private fails(error: unknown, count: number): void {
    this.lost += count;
    if (this.isFailing) return;
    this.isFailing = true;
    this.options.log.warn('Cannot keep the events: they are lost until the disk takes them again', { error });
  }

  private works(): void {
    const { lost } = this;
    this.isFailing = false;
    this.lost = 0;
    if (lost === 0) return;
    this.options.log.warn('Events could not be kept', { lost });
    const message = `${lost} events could not be kept`;
    this.publish({ type: 'daemon.events-lost', timestampMs: Date.now(), message, attributes: { lost: String(lost) } });
  }

  private notReached(afterSequence: bigint): FailedPreconditionError {
    return new FailedPreconditionError(
      `Cannot watch the events after ${afterSequence}: the newest is ${this.newest}, so the number is of another history. ` +
        'Begin with the oldest one that is kept',
    );
  }
}

async function* selected(
  events: AsyncIterable<observe.Event>,
  selects: (event: observe.Event) => boolean,
): AsyncGenerator<observe.Event> {
  // A loss before an event that is not wanted is told by the next one that is.
  let dropped = 0n;
  for await (const event of events) {
    dropped += event.dropped;
    if (!selects(event)) continue;
    yield dropped === event.dropped ? event : { ...event, dropped };
    dropped = 0n;
  }
}

async function* lastOf(
  events: AsyncIterable<observe.Event>,
  count: number,
  selects: (event: observe.Event) => boolean,
): AsyncGenerator<observe.Event> {
  let last: observe.Event[] = [];
  for await (const event of events) {
    if (!selects(event)) continue;
    last.push(event);
    // Twice as many are held at most, so that letting go costs little.
    if (last.length >= 2 * count) last = last.slice(-count);
  }
  // What was left out before was not asked for.
  for (const event of last.slice(-count)) yield { ...event, dropped: 0n };
}
