import type { runtime } from '@aurae/proto';
import { Notice } from '../notice.js';

/** So many answers lie ready for the client; whoever has more waits for it. */
const mostReady = 4;

/** The answers of a conversation on their way to a client that takes them at its own pace. */
export class ResponseQueue {
  private readonly responses: runtime.AttachResponse[] = [];
  private readonly news = new Notice();
  private readonly room = new Set<() => void>();
  private state: 'bounded' | 'unbounded' | 'discarding' = 'bounded';
  private ended = false;

  /** Waits until the client has taken enough of what came before. */
  async put(output: runtime.AttachResponse['output']): Promise<void> {
    while (this.state === 'bounded' && this.responses.length >= mostReady) {
      await new Promise<void>((resolve) => this.room.add(resolve));
    }
    if (this.state === 'discarding') return;
    this.responses.push({ output });
    this.news.tell();
  }

  /** Nobody needs to wait any more: what still comes is little. */
  unbind(): void {
    if (this.state === 'bounded') this.state = 'unbounded';
    this.tellRoom();
  }

  /** The client is gone: what was put and what comes goes nowhere. */
  discard(): void {
    this.state = 'discarding';
    this.responses.length = 0;
    this.tellRoom();
  }

  end(): void {
    this.ended = true;
    this.news.tell();
  }

  /** Undefined after the last one. */
  async next(): Promise<runtime.AttachResponse | undefined> {
    for (;;) {
      const response = this.responses.shift();
      if (response) {
        this.tellRoom();
        return response;
      }
      if (this.ended) return undefined;
      await this.news.wait();
    }
  }

  private tellRoom(): void {
    for (const resolve of this.room) resolve();
    this.room.clear();
  }
}
