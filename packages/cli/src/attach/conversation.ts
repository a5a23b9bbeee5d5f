import type { AuraeClient } from '@aurae/client';
import { InternalError, type runtime } from '@aurae/proto';
import type { Interruption } from '../interruption.js';
import { OutputStream } from '../output/output-stream.js';
import { AttachRequests } from './attach-requests.js';
import { DetachDetector } from './detach-detector.js';
import { StandardInput } from './standard-input.js';
import { TerminalMode } from './terminal-mode.js';
import { onResize, terminalSize } from './terminal-size.js';

export interface ConversationPlan {
  readonly open: runtime.DeepPartial<runtime.AttachOpen>;
  readonly takesInput: boolean;
  /** Whether the end of standard input is also that of the other side's. */
  readonly passesEndOfInput: boolean;
  /** A line for the user once the conversation has begun. */
  readonly greeting?: string | undefined;
  /** A line for the user when the input ends and the conversation goes on. */
  readonly inputEndNote?: string | undefined;
  /** This terminal stands for the one of the other side: it goes raw and tells its size. */
  readonly isTerminal: boolean;
  /** What leaves the conversation when it is typed. */
  readonly detachKeys?: Uint8Array | undefined;
}

export type ConversationEnd =
  | { readonly kind: 'ended'; readonly status: runtime.ExecutableStatus }
  | { readonly kind: 'detached' }
  /** Whoever read the output has left. */
  | { readonly kind: 'unread' };

/** Passes everything on between a command and this process, until one of them ends it. Then the terminal is as before. */
export async function converse(
  client: AuraeClient,
  plan: ConversationPlan,
  interruption: Interruption,
): Promise<ConversationEnd> {
  using conversation = new Conversation(plan, interruption);
  return await conversation.hold(client);
}

class Conversation implements Disposable {
  private readonly requests = new AttachRequests({
    onInputEnd: () => this.closeInput(),
    onSaid: () => this.cancellation.abort(detached),
  });
  private readonly cancellation = new AbortController();
  private readonly stdout = new OutputStream(process.stdout);
  private readonly stderr = new OutputStream(process.stderr);
  private readonly held: Disposable[] = [];
  private hasBegun = false;

  constructor(
    private readonly plan: ConversationPlan,
    private readonly interruption: Interruption,
  ) {
    this.requests.send({ $case: 'open', value: plan.open });
  }

  async hold(client: AuraeClient): Promise<ConversationEnd> {
    const signal = AbortSignal.any([this.interruption.signal, this.cancellation.signal]);
    try {
      for await (const { output } of client.runtime.attach(this.requests, { signal })) {
        if (output?.$case === 'ended') return { kind: 'ended', status: output.value };
        if (!this.hasBegun) await this.interruption.race(this.greet());
        this.begin();
        if (output && !(await this.interruption.race(this.show(output)))) return { kind: 'unread' };
      }
    } catch (error) {
      if (error === detached) return { kind: 'detached' };
      throw error;
    }
    throw new InternalError('auraed ended the conversation without telling how the command ended: see "aurae ps -a"');
  }

  [Symbol.dispose](): void {
    for (const resource of this.held.splice(0).reverse()) resource[Symbol.dispose]();
    this.requests.end();
  }

  /** The terminal is not raw yet. */
  private async greet(): Promise<void> {
    if (this.plan.greeting) await this.stderr.write(`${this.plan.greeting}\n`);
  }

  /** Not before the first answer: until then Ctrl-C is for this process. */
  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    if (this.plan.isTerminal) this.takeTerminal();
    if (!this.plan.takesInput) return;
    const input = new StandardInput({
      onReadable: () => this.requests.wake(),
      onError: (error) => this.cancellation.abort(error),
    });
    this.held.push(input);
    this.requests.connect(input, this.inputFilter());
  }

  private takeTerminal(): void {
    this.held.push(TerminalMode.raw());
    const tell = (value: runtime.TerminalSize) => this.requests.send({ $case: 'resize', value });
    this.held.push({ [Symbol.dispose]: onResize(tell) });
    if (this.plan.open.terminal) return;
    // It runs already, on a terminal of some other size. Two changes make it draw anew even when it is the same size.
    const size = terminalSize();
    tell({ ...size, rows: size.rows + 1 });
    tell(size);
  }

  private inputFilter(): (bytes: Buffer) => Uint8Array {
    const { detachKeys } = this.plan;
    if (!detachKeys) return (bytes) => bytes;
    const detector = new DetachDetector(detachKeys);
    return (bytes) => {
      const passed = detector.pass(bytes);
      if (detector.found) this.requests.end();
      return passed;
    };
  }

  private closeInput(): void {
    if (this.plan.passesEndOfInput) this.requests.send({ $case: 'stdinClosed', value: true });
    const { inputEndNote } = this.plan;
    if (inputEndNote) this.stderr.write(this.line(inputEndNote)).catch((error) => this.cancellation.abort(error));
  }

  /** Resolves to false once the reader of the output has left. */
  private async show(output: NonNullable<runtime.AttachResponse['output']>): Promise<boolean> {
    switch (output.$case) {
      case 'stdout':
        return await this.stdout.write(output.value);
      case 'stderr':
        return await this.stderr.write(output.value);
      case 'droppedBytes': {
        const text = `aurae: ${output.value} bytes of output are missing here: they came faster than they were read`;
        return await this.stderr.write(this.line(text));
      }
      case 'started':
      case 'ended':
        return true;
    }
  }

  private line(text: string): string {
    return `${text}${this.plan.isTerminal ? '\r\n' : '\n'}`;
  }
}

/** Reason of a cancellation that the user typed the keys for. */
const detached = new Error('Detached');
