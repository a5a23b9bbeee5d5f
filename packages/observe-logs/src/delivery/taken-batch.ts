import type { backend } from '@aurae/proto';
import type { LogPlace } from './log-place.js';
import type { LogSource, SourceLoss } from './log-source.js';
import { lossRecord } from './loss-record.js';

export interface LogBatchLimits {
  readonly maximumItems: number;
  readonly maximumBytes: number;
}

/** What a batch has of one log. */
export interface Slice {
  readonly source: LogSource;
  records: number;
  lines: number;
  /** Lines that its loss records tell of. */
  toldLines: number;
  /** After all that. */
  place: LogPlace | undefined;
}

/** Records for a sink, log by log. */
export class TakenBatch {
  readonly records: backend.LogRecord[] = [];
  readonly slices: Slice[] = [];
  /** Lines of the logs in it. */
  lines = 0;
  /** Lines that were lost on the way, and that no batch has told of before. */
  lostLines = 0;
  private bytes = 0;

  /** @param timestamp for losses that no item follows, Unix milliseconds */
  constructor(
    private readonly sinkName: string,
    private readonly limits: LogBatchLimits,
    private readonly timestamp: bigint,
  ) {}

  /** How many more records there is room for. */
  get room(): number {
    return this.limits.maximumItems - this.records.length;
  }

  begin(source: LogSource): Slice {
    return { source, records: 0, lines: 0, toldLines: 0, place: undefined };
  }

  /** Takes what there is room for; a single line may be larger than the limit. True: there is no room for more. */
  fill(slice: Slice): boolean {
    while (slice.source.hasNext) {
      const loss = slice.source.nextLoss;
      if (!this.fits(slice.source.nextBytes, loss)) return true;
      this.takeNext(slice, loss);
    }
    return false;
  }

  /** Puts a record there that tells of a loss. */
  tell(slice: Slice, { lines, reason }: SourceLoss, timestamp = this.timestamp): void {
    const { workload } = slice.source;
    this.records.push(lossRecord({ lines, reason, sinkName: this.sinkName, workload, timestamp }));
    slice.toldLines += lines;
    slice.records += 1;
  }

  end(slice: Slice): void {
    slice.place = slice.source.pass();
    if (slice.records > 0) this.slices.push(slice);
  }

  private fits(bytes: number, loss: SourceLoss | undefined): boolean {
    // A record that tells of a loss goes into the same batch as the line after the loss.
    const needed = loss ? 2 : 1;
    return this.records.length === 0 || (needed <= this.room && this.bytes + bytes <= this.limits.maximumBytes);
  }

  private takeNext(slice: Slice, loss: SourceLoss | undefined): void {
    const { source } = slice;
    this.bytes += source.nextBytes;
    const item = source.next();
    if (loss) {
      this.tell(slice, loss, item?.timestamp);
      this.lostLines += loss.lines;
    }
    if (!item) return;
    this.records.push({ workload: source.workload, item });
    this.lines += 1;
    slice.lines += 1;
    slice.records += 1;
  }
}
