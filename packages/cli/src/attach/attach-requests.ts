import type { runtime } from '@aurae/proto';
import type { StandardInput } from './standard-input.js';

export type AttachRequest = runtime.DeepPartial<runtime.AttachRequest>;
/** What of the input is to be sent. */
export type InputFilter = (bytes: Buffer) => Uint8Array;

export interface RequestsListener {
  /** The last byte of the input was handed on. */
  onInputEnd(): void;
  /** Everything was said, after `end`. */
  onSaid(): void;
}

/**
 * What this side of a conversation says. Input is read only when the connection takes more, so it never piles up here;
 * whatever else there is to say goes before it.
 */
export class AttachRequests implements AsyncIterable<AttachRequest> {
  private readonly queue: AttachRequest[] = [];
  private input: { readonly source: StandardInput; readonly filter: InputFilter } | undefined;
  private isEnded = false;
  private wakeReader = () => {};

  constructor(private readonly listener: RequestsListener) {}

  send(input: NonNullable<AttachRequest['input']>): void {
    this.queue.push({ input });
    this.wake();
  }

  /** From now on the input is sent, too. */
  connect(source: StandardInput, filter: InputFilter): void {
    this.input = { source, filter };
    this.wake();
  }

  wake(): void {
    this.wakeReader();
  }

  /** Nothing is said after what waits already. */
  end(): void {
    this.isEnded = true;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<AttachRequest> {
    for (;;) {
      const request = this.queue.shift() ?? this.nextInput();
      if (request) {
        yield request;
      } else if (this.isEnded) {
        return this.listener.onSaid();
      } else {
        await new Promise<void>((resolve) => {
          this.wakeReader = resolve;
        });
      }
    }
  }

  private nextInput(): AttachRequest | undefined {
    if (!this.input || this.isEnded) return undefined;
    const { source, filter } = this.input;
    for (let bytes = source.read(); bytes; bytes = source.read()) {
      const value = Buffer.from(filter(bytes));
      if (value.length > 0) return { input: { $case: 'stdin', value } };
    }
    if (source.ended) {
      this.input = undefined;
      this.listener.onInputEnd();
    }
    return this.queue.shift();
  }
}
