import type { meta, observe } from '@aurae/proto';
import type { LogCursor } from '../ring/log-cursor.js';
import type { LogSource, SourceLoss } from './log-source.js';

/** A log in memory as a source. It keeps no place: what it has is gone with the process. */
export class RingSource implements LogSource {
  private unpark: () => unknown = () => {};

  /**
   * @param onNews called when there is something to take
   * @param onEnd called when there will never be
   */
  constructor(
    private readonly cursor: LogCursor,
    readonly workload: meta.WorkloadReference | undefined,
    private readonly onNews: () => void,
    private readonly onEnd: () => void,
  ) {}

  /** Announces what is there, or waits for it. */
  start(): void {
    this.unpark();
    if (this.hasNext) this.onNews();
    else if (this.cursor.ended) this.onEnd();
    else this.unpark = this.cursor.park(() => this.start());
  }

  get unreadLines(): number {
    return this.cursor.unreadItems;
  }

  /** Lines that are lost already, and that no batch has told of yet. */
  get lostLines(): number {
    return this.cursor.lostItems;
  }

  get hasNext(): boolean {
    return this.cursor.unreadItems > 0;
  }

  get nextBytes(): number {
    return this.cursor.nextBytes;
  }

  get nextLoss(): SourceLoss | undefined {
    const lines = this.cursor.lostItems;
    return lines === 0 ? undefined : { lines, reason: 'the log sink did not take them in time' };
  }

  next(): observe.LogItem | undefined {
    return this.cursor.read();
  }

  pass(): undefined {
    if (!this.hasNext) this.start();
  }

  settle(): void {}

  stop(): void {
    this.unpark();
  }
}
