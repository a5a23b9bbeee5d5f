/** Streams that are opened in one turn of the event loop, at most. */
const opensPerTurn = 32;
/** What a stream may come with: the bound of a `LogBatch`. */
const largestBatchBytes = 256 * 1024;

/** What all feeds of one sink together have read and the sink has not taken, and whose turn it is to read. */
export class ReadAhead {
  /** Lines that were read and not taken; kept up to date by those who read and take. */
  lines = 0;
  /** The same in bytes of lines and fields. */
  bytes = 0;
  private usedBytes = 0;
  private readonly waiting: (() => void)[] = [];
  private isScheduled = false;
  private isStopped = false;

  /** @param limitBytes a batch is kept if there is less than that before it, so that one more than that is held at most */
  constructor(private readonly limitBytes: number) {}

  get isFull(): boolean {
    return this.usedBytes >= this.limitBytes;
  }

  /** Whether a feed that has something already may read on. */
  get isPlenty(): boolean {
    return this.usedBytes < this.limitBytes / 2;
  }

  /** @param bytes of memory */
  hold(bytes: number): void {
    this.usedBytes += bytes;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
    if (this.waiting.length > 0 && this.isPlenty) this.schedule();
  }

  /** Resolves, in the order of the calls, once there is room for a batch of another feed. */
  turn(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.schedule();
    });
  }

  /** Nobody waits any more. */
  stop(): void {
    this.isStopped = true;
    for (const resume of this.waiting.splice(0)) resume();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.admit());
  }

  private admit(): void {
    this.isScheduled = false;
    if (this.isFull) return;
    const room = Math.floor((this.limitBytes - this.usedBytes) / largestBatchBytes);
    for (const resume of this.waiting.splice(0, Math.min(opensPerTurn, Math.max(1, room)))) resume();
    if (this.waiting.length > 0) this.schedule();
  }
}
