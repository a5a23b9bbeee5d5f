import { once, EventEmitter } from 'node:events';
import { abortReason, ResourceExhaustedError } from '@aurae/proto';

/** How many events may wait for one subscriber: several for each of the executables that may live at a time. */
const mostWaiting = 65_536;

/** Hands events to any number of subscribers, each at its own pace and in order. */
export class EventHub<Event> {
  private readonly emitter = new EventEmitter<{ event: [Event] }>().setMaxListeners(0);

  publish(event: Event): void {
    this.emitter.emit('event', event);
  }

  /**
   * What `first` answers when the reading begins, then everything that is published from then on. What is published
   * while the first are read waits behind them. Throws the signal's reason when that aborts, and
   * `ResourceExhaustedError` for a subscriber that is too slow.
   */
  async *subscribe(first: () => readonly Event[], signal: AbortSignal): AsyncGenerator<Event> {
    const waiting: Event[] = [];
    const arrived = new EventEmitter();
    let isOverrun = false;
    const take = (event: Event) => {
      isOverrun ||= waiting.length >= mostWaiting;
      if (!isOverrun) waiting.push(event);
      arrived.emit('event');
    };
    this.emitter.on('event', take);
    try {
      for (const event of first()) yield event;
      for (;;) {
        for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event;
        if (isOverrun) throw new ResourceExhaustedError(`More than ${mostWaiting} events wait: watch anew`);
        if (signal.aborted) throw abortReason(signal);
        await once(arrived, 'event', { signal }).catch(() => undefined);
      }
    } finally {
      this.emitter.off('event', take);
    }
  }
}
