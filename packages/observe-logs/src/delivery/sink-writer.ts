import {
  type backend,
  type CallContext,
  callContext,
  DeadlineExceededError,
  isAuraeError,
  type meta,
} from '@aurae/proto';
import type { Clock } from '../clock.js';
import { withDeadline } from '../deadline.js';
import { type SinkFailure, sinkHealth } from './sink-status.js';

/** `refused`: however often the sink is asked, it answers the same. */
export type WriteOutcome = 'accepted' | 'refused' | 'failed' | 'timed out';

/** What a sink answers that will never take a batch. Everything else may be over the next time. */
const finalReasons = new Set(['INVALID_SPEC', 'CAPABILITY_NOT_SUPPORTED', 'FAILED_PRECONDITION']);

/** Calls one sink, each time for a limited time, and knows how it does. */
export class SinkWriter {
  failuresInARow = 0;
  lastError: SinkFailure | undefined;
  /** When the sink wants to be asked again, as it said with the last failure; 0 when it did not. */
  retryAfterMs = 0;

  /** @param onHealthChange called when the sink begins to fail, and when it works again */
  constructor(
    private readonly name: string,
    private readonly sink: backend.LogSink<CallContext>,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly onHealthChange: () => void,
  ) {}

  get health(): meta.Health {
    return sinkHealth(this.name, this.failuresInARow, this.lastError);
  }

  /** @param signal gives it up; what the sink answers then is no failure, unless the signal's reason tells one */
  async write(records: backend.LogRecord[], signal: AbortSignal): Promise<WriteOutcome> {
    try {
      await this.call('Writing to', signal, (context) => this.sink.write(context, { records }));
      this.succeeded();
      return 'accepted';
    } catch (error) {
      this.failed(error, signal);
      if (isAuraeError(error) && finalReasons.has(error.reason)) return 'refused';
      return error instanceof DeadlineExceededError ? 'timed out' : 'failed';
    }
  }

  async flush(signal: AbortSignal): Promise<void> {
    try {
      await this.call('Flushing', signal, (context) => this.sink.flush(context, {}));
    } catch (error) {
      this.failed(error, signal);
    }
  }

  private call<Answer>(
    action: string,
    signal: AbortSignal,
    work: (context: CallContext) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, timeoutMs, name } = this;
    const deadline = { clock, timeoutMs, signal, action: `${action} the log sink "${name}"` };
    return withDeadline(deadline, (callSignal) => work(callContext({ signal: callSignal, timeoutMs })));
  }

  private succeeded(): void {
    if (this.failuresInARow === 0) return;
    this.failuresInARow = 0;
    this.onHealthChange();
  }

  private failed(error: unknown, signal: AbortSignal): void {
    // A write that is given up at the end says nothing about the sink.
    if (signal.aborted && !(signal.reason instanceof DeadlineExceededError)) return;
    const retryAfterMs = isAuraeError(error) && 'retryAfterMs' in error ? Number(error.retryAfterMs) : 0;
    this.retryAfterMs = retryAfterMs > 0 ? retryAfterMs : 0;
    this.failuresInARow += 1;
    this.lastError = { message: error instanceof Error ? error.message : String(error), timestampMs: this.clock.now() };
    if (this.failuresInARow === 1) this.onHealthChange();
  }
}
