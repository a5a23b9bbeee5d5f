import { abortReason } from '@aurae/proto';

/** Writes a text to its end. Never rejects: an error is a result. */
export interface TextWriter {
  write(text: string): Promise<Error | undefined>;
  /** Whether somebody waits for the text under way: if nobody does, it must not keep the process alive. */
  setAwaited(isAwaited: boolean): void;
}

/**
 * The way to one terminal, file or pipe, shared by all that write to it: one text at a time, so that one which is
 * stuck costs one text's memory and, at worst, one thread. Waiting for it always ends with a signal; the text itself
 * goes on, from where it is, as soon as it can.
 */
export class ConsoleOutput {
  private underWay: Promise<Error | undefined> | undefined;
  private waiting = 0;
  private abandoned = false;

  constructor(private readonly writer: TextWriter) {}

  /** Whether the text under way has taken longer than somebody was ready to wait. */
  get isStuck(): boolean {
    return this.abandoned;
  }

  /** Resolves when the text is begun; its outcome, which does not reject, is then in the answer. */
  async begin(text: string, signal: AbortSignal): Promise<{ readonly outcome: Promise<Error | undefined> }> {
    // Checked without a turn in between: several may wait, and one may begin.
    while (this.underWay) await this.settled(this.underWay, signal);
    if (signal.aborted) throw abortReason(signal);
    const outcome = this.writer.write(text);
    this.underWay = outcome;
    void outcome.then(() => {
      this.underWay = undefined;
      this.abandoned = false;
    });
    return { outcome };
  }

  /** Resolves when nothing is under way. */
  async idle(signal: AbortSignal): Promise<void> {
    while (this.underWay) await this.settled(this.underWay, signal);
  }

  /** Waits for the outcome of a text of this output; throws the signal's reason when that aborts first. */
  async settled(outcome: Promise<Error | undefined>, signal: AbortSignal): Promise<Error | undefined> {
    let giveUp = () => {};
    const aborted = new Promise<'aborted'>((resolve) => {
      giveUp = () => resolve('aborted');
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
    });
    this.addWaiting(1);
    try {
      const result = await Promise.race([outcome, aborted]);
      if (result !== 'aborted') return result;
      this.abandoned = this.underWay !== undefined;
      throw abortReason(signal);
    } finally {
      this.addWaiting(-1);
      signal.removeEventListener('abort', giveUp);
    }
  }

  private addWaiting(change: number): void {
    this.waiting += change;
    this.writer.setAwaited(this.waiting > 0);
  }
}
