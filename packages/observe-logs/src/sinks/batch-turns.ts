import { abortReason, type backend, unlessAborted } from '@aurae/proto';

type Records = readonly backend.LogRecord[];

interface Begun {
  readonly outcome: Promise<void>;
  isOver: boolean;
}

/**
 * One batch at a time on its way to where nothing can be called back: a file, a socket. A write that is given up by its
 * caller goes on by itself; to write the same array of records again is to wait for it, so that no line comes twice and
 * a slow receiver gets on from one attempt to the next.
 */
export class BatchTurns {
  private underWay: Begun | undefined;
  private readonly begun = new WeakMap<Records, Begun>();

  /** @param perform brings the batch to its end, whether or not somebody still waits */
  async write(records: Records, signal: AbortSignal, perform: () => Promise<void>): Promise<void> {
    const write = this.begun.get(records) ?? (await this.begin(records, signal, perform));
    try {
      await unlessAborted(write.outcome, signal);
    } finally {
      if (write.isOver) this.begun.delete(records);
    }
  }

  /** Resolves when nothing is under way, whatever its outcome. */
  async idle(signal: AbortSignal): Promise<void> {
    while (this.underWay) await unlessAborted(this.underWay.outcome.catch(ignore), signal);
  }

  private async begin(records: Records, signal: AbortSignal, perform: () => Promise<void>): Promise<Begun> {
    // Checked without a turn in between: several may wait, and one may begin.
    while (this.underWay) await unlessAborted(this.underWay.outcome.catch(ignore), signal);
    if (signal.aborted) throw abortReason(signal);
    const write: Begun = { isOver: false, outcome: perform() };
    this.underWay = write;
    this.begun.set(records, write);
    const end = () => {
      write.isOver = true;
      this.underWay = undefined;
    };
    void write.outcome.then(end, end);
    return write;
  }
}

function ignore(): void {}
