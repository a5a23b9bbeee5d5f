import type { AuraeClient } from '@aurae/client';
import { FailedPreconditionError, type observe } from '@aurae/proto';
import type { EventsRequest } from './events-request.js';
import type { DaemonComeback } from '../following/daemon-comeback.js';
import { outlasting } from '../following/outlasting.js';

/** Reads the events of the node, each once and in order, and outlasts auraed when it follows. */
export class EventFeed {
  private last = 0n;
  private hasBegun = false;
  /** Unix milliseconds. */
  private beganAtMs = 0;

  /** @param comeback absent: the end of auraed is a failure */
  constructor(
    private readonly client: Pick<AuraeClient, 'observe'>,
    private readonly request: EventsRequest,
    private readonly comeback: DaemonComeback | undefined,
  ) {}

  read(signal: AbortSignal): AsyncIterable<observe.Event> {
    return outlasting(() => this.open(signal), this.comeback);
  }

  private async *open(signal: AbortSignal): AsyncGenerator<observe.Event> {
    const isAgain = this.hasBegun;
    this.hasBegun = true;
    if (!isAgain) this.beganAtMs = Date.now();
    try {
      yield* this.watch(isAgain ? this.restOfRequest() : this.request, signal);
    } catch (error) {
      const isOtherHistory = isAgain && this.last > 0n && error instanceof FailedPreconditionError;
      if (!isOtherHistory) throw error;
      this.comeback?.listener.onNote('the events begin anew: auraed has lost those before');
      this.last = 0n;
      yield* this.watch(this.restOfRequest(), signal);
    }
  }

  /** As long as there was none, everything that is asked for is new. */
  private restOfRequest(): EventsRequest {
    const after = this.last > 0n ? { afterSequence: this.last, fromOldest: false } : this.whatWasAskedFor();
    return { ...this.request, tail: 0, ...after };
  }

  private whatWasAskedFor(): EventsRequest {
    const { afterSequence = 0, fromOldest = false, tail = 0, sinceMs = 0 } = this.request;
    const isOnlyNew = BigInt(afterSequence) === 0n && !fromOldest && tail === 0;
    const since = isOnlyNew ? { sinceMs: Math.max(this.beganAtMs, Number(sinceMs)) } : {};
    return { afterSequence, fromOldest: BigInt(afterSequence) === 0n, ...since };
  }

  private async *watch(request: EventsRequest, signal: AbortSignal): AsyncGenerator<observe.Event> {
    for await (const event of this.client.observe.watchEvents(request, { signal })) {
      this.last = event.sequence;
      yield event;
    }
  }
}
