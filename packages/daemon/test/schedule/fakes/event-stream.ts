import type { backend } from '@aurae/proto';

type Event = backend.WorkloadEvent;

/** Events on their way to one watcher, in order. */
export class EventStream {
  private readonly queue: Event[] = [];
  private wake = (): void => {};
  private isHeld = false;
  private isOver = false;
  private failure: Error | undefined;

  push(event: Event): void {
    this.queue.push(event);
    this.wake();
  }

  /** What is on its way is lost. */
  fail(error: Error): void {
    this.failure = error;
    this.wake();
  }

  end(): void {
    this.isOver = true;
    this.wake();
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    this.wake();
  }

  async *events(): AsyncGenerator<Event> {
    for (;;) {
      if (this.isOver) return;
      if (this.failure) throw this.failure;
      const event = this.isHeld ? undefined : this.queue.shift();
      if (event) yield event;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
