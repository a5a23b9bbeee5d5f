import type { backend, meta, observe } from '@aurae/proto';
import type { LogCursor } from './log-cursor.js';
import { lossRecord } from './loss-record.js';

interface Source {
  readonly cursor: LogCursor;
  readonly workload: meta.WorkloadReference | undefined;
  unpark: () => void;
}

export interface LogBatchLimits {
  readonly maximumItems: number;
  readonly maximumBytes: number;
}

/** Records for a sink, and the lines in them and before them. */
export interface TakenBatch {
  readonly records: backend.LogRecord[];
  /** Lines of the logs in it. */
  readonly lines: number;
  /** Lines that were lost on the way. */
  readonly lostLines: number;
}

/** The logs that one sink follows, each with the sink's place in it. Logs with news are served in turn. */
export class LogSources {
  private readonly sources = new Set<Source>();
  private readonly ready: Source[] = [];

  /** @param onNews called when there is something to take, where there was nothing */
  constructor(
    private readonly sinkName: string,
    private readonly onNews: () => void,
  ) {}

  add(cursor: LogCursor, workload: meta.WorkloadReference | undefined): void {
    const source: Source = { cursor, workload, unpark: () => {} };
    this.sources.add(source);
    this.sort(source);
    if (this.hasNews) this.onNews();
  }

  get hasNews(): boolean {
    return this.ready.length > 0;
  }

  /** Lines that can be taken now. */
  get unreadLines(): number {
    let lines = 0;
    for (const { cursor } of this.sources) lines += cursor.unreadItems;
    return lines;
  }

  /** Lines that are lost already, and that no batch has told of yet. */
  get lostLines(): number {
    let lines = 0;
    for (const { cursor } of this.sources) lines += cursor.lostItems;
    return lines;
  }

  /** The next batch; without records when there is no news. A single line may be larger than the limit. */
  take({ maximumItems, maximumBytes }: LogBatchLimits): TakenBatch {
    const records: backend.LogRecord[] = [];
    let bytes = 0;
    let lines = 0;
    let lostLines = 0;
    while (this.ready[0]) {
      const { cursor, workload } = this.ready[0];
      const lost = cursor.lostItems;
      // A record that tells of a loss goes into the same batch as the line after the loss.
      const needed = lost > 0 ? 2 : 1;
      const isFull = records.length + needed > maximumItems || bytes + cursor.nextBytes > maximumBytes;
      if (records.length > 0 && isFull) break;
      bytes += cursor.nextBytes;
      const item = cursor.read();
      if (item) {
        if (lost > 0) records.push(this.lossBefore(item, lost, workload));
        records.push({ workload, item });
        lines += 1;
        lostLines += lost;
      }
      if (cursor.unreadItems === 0) this.sort(this.ready.shift() as Source);
    }
    // Whoever filled this batch goes to the end of the row for the next one.
    if (this.ready.length > 1) this.ready.push(this.ready.shift() as Source);
    return { records, lines, lostLines };
  }

  /** Lets go of the logs. */
  stop(): void {
    for (const source of this.sources) source.unpark();
  }

  private lossBefore(
    { timestamp }: observe.LogItem,
    lines: number,
    workload: meta.WorkloadReference | undefined,
  ): backend.LogRecord {
    const reason = 'the log sink did not take them in time';
    return lossRecord({ lines, reason, sinkName: this.sinkName, workload, timestamp });
  }

  private sort(source: Source): void {
    if (source.cursor.unreadItems > 0) this.ready.push(source);
    else if (source.cursor.ended) this.sources.delete(source);
    else source.unpark = source.cursor.park(() => this.wake(source));
  }

  private wake(source: Source): void {
    this.sort(source);
    if (this.hasNews) this.onNews();
  }
}
