import { type CallContext, meta, runtime } from '@aurae/proto';
import { untilAborted } from '../../../client/test/support/test-daemon.js';
import { Signalled } from './signalled.js';

type Input = NonNullable<runtime.AttachRequest['input']>;
type Output = NonNullable<runtime.AttachResponse['output']>;
type Attach = runtime.Runtime<CallContext>['attach'];

/** The daemon's side of one conversation: a test says what it answers, and waits for what it is told. */
export class AttachPeer {
  readonly inputs: Input[] = [];
  /** The reason for which the call was cancelled. */
  readonly cancelled = new Signalled<unknown>();
  private readonly answers: (() => runtime.AttachResponse | undefined)[] = [];
  private readonly waiting = new Set<() => void>();

  /** Reads no input before `gate`. */
  constructor(private readonly gate: Promise<void> = Promise.resolve()) {}

  readonly attach: Attach = (context, requests) => this.serve(context, requests);

  say(output: Output): this {
    return this.push(() => ({ output }));
  }

  started(): this {
    return this.say({ $case: 'started', value: { proc: { pid: 4711 } } });
  }

  writes(text: string | Buffer, channel: 'stdout' | 'stderr' = 'stdout'): this {
    return this.say({ $case: channel, value: Buffer.from(text) });
  }

  ended(status: runtime.DeepPartial<runtime.ExecutableStatus>): this {
    const value = runtime.ExecutableStatus.fromPartial({ status: meta.Status.STATUS_COMPLETE, ...status });
    return this.say({ $case: 'ended', value }).hangUp();
  }

  /** Ends the call without a word. */
  hangUp(): this {
    return this.push(() => undefined);
  }

  fail(error: Error): this {
    return this.push(() => {
      throw error;
    });
  }

  get stdin(): Buffer {
    return Buffer.concat(this.inputs.flatMap((input) => (input.$case === 'stdin' ? [input.value] : [])));
  }

  get open(): runtime.AttachOpen | undefined {
    const [first] = this.inputs;
    return first?.$case === 'open' ? first.value : undefined;
  }

  /** Waits until what it was told fulfils the condition. */
  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  private push(answer: () => runtime.AttachResponse | undefined): this {
    this.answers.push(answer);
    this.wake();
    return this;
  }

  private async *serve(context: CallContext, requests: AsyncIterable<runtime.AttachRequest>) {
    const aborted = untilAborted(context);
    aborted.catch((error: unknown) => this.cancelled.announce(error));
    void this.receive(requests);
    for (;;) {
      const answer = this.answers.shift();
      if (answer) {
        const response = answer();
        if (!response) return;
        yield response;
      } else {
        await Promise.race([aborted, new Promise<void>((resolve) => this.waiting.add(resolve))]);
      }
    }
  }

  private async receive(requests: AsyncIterable<runtime.AttachRequest>): Promise<void> {
    try {
      for await (const { input } of requests) {
        if (!input) throw new Error('A request without input');
        this.inputs.push(input);
        this.wake();
        await this.gate;
      }
    } catch {
      // Cancelled.
    }
  }

  private wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}
