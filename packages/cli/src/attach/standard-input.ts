import { constants } from 'node:os';
import { exitCodeOfSignal } from '../exit-codes.js';
import { InterruptedError } from '../failures.js';
import { systemReason } from '../system-error.js';

/** What was to be passed on could not be read. */
export class InputError extends Error {
  readonly reason = 'INPUT';

  constructor(cause: unknown) {
    super(`Cannot read standard input: ${systemReason(cause)}`, { cause });
  }
}

export interface InputListener {
  /** There may be something to read, or the end has come. */
  onReadable(): void;
  onError(error: InputError | InterruptedError): void;
}

/** Standard input, read only when somebody asks: whoever writes it waits as long as nobody takes it. */
export class StandardInput implements Disposable {
  private hasEnded = false;

  constructor(
    private readonly listener: InputListener,
    private readonly stream: NodeJS.ReadStream = process.stdin,
  ) {
    stream.on('readable', this.tellReadable);
    stream.on('end', this.markEnd);
    stream.on('error', this.tellError);
  }

  get ended(): boolean {
    return this.hasEnded;
  }

  /** What there is. Undefined when there is nothing now. */
  read(): Buffer | undefined {
    return (this.stream.read() as Buffer | null) ?? undefined;
  }

  /** Reads no more; what is left does not keep the process. */
  [Symbol.dispose](): void {
    this.stream.off('readable', this.tellReadable);
    this.stream.off('end', this.markEnd);
    // An error that comes later has nobody to go to, and must not end the process. So the listener stays.
    this.stream.pause();
    this.stream.unref?.();
  }

  private readonly tellReadable = (): void => this.listener.onReadable();

  private readonly markEnd = (): void => {
    this.hasEnded = true;
    this.listener.onReadable();
  };

  private readonly tellError = (error: NodeJS.ErrnoException): void => {
    // The signal of a terminal that has hung up may come later than its errors.
    const hasHungUp = this.stream.isTTY && error.code === 'EIO';
    const hangUp = exitCodeOfSignal(constants.signals.SIGHUP);
    this.listener.onError(hasHungUp ? new InterruptedError(hangUp) : new InputError(error));
  };
}
