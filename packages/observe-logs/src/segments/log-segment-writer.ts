import { FailedPreconditionError, ResourceExhaustedError } from '@aurae/proto';
import { integerInRange } from '../option-range.js';
import { RecordEncoder, type WrittenLine } from './record-encoder.js';
import { RotatingSegments } from './rotating-segments.js';

export interface LogSegmentWriterOptions {
  /** Where the segments are. Made, with mode 0700, when there is a record. Nobody else may write to this log. */
  readonly directory: string;
  /** A segment gets no record that would make it larger, other than its first. Default 10 MiB; 4 KiB to 1 GiB. */
  readonly segmentBytes?: number;
  /** How many segments are kept of those that the keeper has not sealed. Default: all; 2 and more. */
  readonly segments?: number;
  /**
   * Whether a line of more than 16 KiB becomes several records, all but the last with the tag `P`, as with aurae-shim.
   * Default: true. False: every line is one record, and one of more than 1,048,512 bytes is refused.
   */
  readonly splitLines?: boolean;
  /** The next record gets this number at least; a reader is told of the gap before it. Default: 1. */
  readonly minimumNextSequence?: number;
}

export interface AppendedLines {
  /** Sequence number of the first record. When lines are not split, each line has the next one. */
  readonly firstSequence: number;
  /** Records that could not be written. Their numbers are not used again: a reader is told of the gap. */
  readonly lost: number;
}

/** What may wait to be written. */
const maximumWaitingBytes = 16 * 1024 * 1024;

/**
 * Writes a log of segments as aurae-shim does, for programs that have lines and no process. It goes on after what is
 * there, less a last record without an end. A full disk loses records and fails nobody: `lost` counts them.
 */
export class LogSegmentWriter implements AsyncDisposable {
  private readonly encoder: RecordEncoder;
  /** Number of the next record that is handed over. */
  private next: number;
  private waitingBytes = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  private constructor(
    private readonly directory: string,
    private readonly segments: RotatingSegments,
    splitLines: boolean,
  ) {
    this.encoder = new RecordEncoder(splitLines);
    this.next = segments.position;
  }

  /**
   * @throws RangeError when an option is out of its range
   * @throws FailedPreconditionError when the log that is there cannot be read or written to
   */
  static async open(options: LogSegmentWriterOptions): Promise<LogSegmentWriter> {
    const { directory, segmentBytes = 10 * 1024 * 1024, segments = 2 ** 32, minimumNextSequence = 1 } = options;
    const range = {
      directory,
      segmentBytes: integerInRange('segmentBytes', segmentBytes, 4096, 2 ** 30),
      segments: integerInRange('segments', segments, 2, 2 ** 32),
      minimumNextSequence: integerInRange('minimumNextSequence', minimumNextSequence, 1, Number.MAX_SAFE_INTEGER),
    };
    try {
      return new LogSegmentWriter(directory, await RotatingSegments.open(range), options.splitLines ?? true);
    } catch (error) {
      const message = `Cannot go on with the log in "${directory}": ${(error as Error).message}`;
      throw new FailedPreconditionError(message, { cause: error });
    }
  }

  /** Sequence number of the next record. */
  get nextSequence(): number {
    return this.next;
  }

  /** Records that could not be written since it was opened. */
  get lost(): number {
    return this.segments.lost;
  }

  /** Why records were lost, until one was written again. */
  get failure(): Error | undefined {
    return this.segments.failure;
  }

  /**
   * Writes lines after all that were handed over before, by one call to the system if they fit into the segment. Answers
   * when they are in the file; a power cut can still take them.
   * @throws InvalidSpecError when a line cannot be a record; then none of them is written
   * @throws ResourceExhaustedError when 16 MiB wait already; then none of them is written
   */
  async append(lines: readonly WrittenLine[]): Promise<AppendedLines> {
    if (this.isClosed)
      throw new FailedPreconditionError(`Cannot write to the log in "${this.directory}": it is closed`);
    const records = this.encoder.encode(lines);
    const bytes = records.reduce((sum, { length }) => sum + length, 0);
    this.reserve(bytes);
    const firstSequence = this.next;
    this.next += records.length;
    const written = this.turn.then(() => this.segments.write(records));
    this.turn = written;
    const lost = await written;
    this.waitingBytes -= bytes;
    return { firstSequence, lost };
  }

  /** Writes what waits. Twice is harmless. */
  async close(): Promise<void> {
    if (!this.isClosed) this.turn = this.turn.then(() => this.segments.close());
    this.isClosed = true;
    await this.turn;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private reserve(bytes: number): void {
    if (this.waitingBytes > 0 && this.waitingBytes + bytes > maximumWaitingBytes) {
      const message = `Cannot write to the log in "${this.directory}": ${this.waitingBytes} bytes wait to be written. Wait for them first`;
      throw new ResourceExhaustedError(message);
    }
    this.waitingBytes += bytes;
  }
}
