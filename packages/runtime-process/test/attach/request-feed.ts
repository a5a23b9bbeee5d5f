import type { runtime } from '@aurae/proto';
import { Notice } from '../../src/notice.js';

/** Requests as a client sends them. */
export class RequestFeed implements AsyncIterator<runtime.AttachRequest> {
  /** How many were taken. */
  taken = 0;
  /** Whether the other side has let go of it. */
  returned = false;
  private readonly waiting: runtime.AttachRequest[] = [];
  private readonly news = new Notice();
  private ended = false;
  private failure: Error | undefined;

  push(input: runtime.AttachRequest['input']): void {
    this.waiting.push({ input });
    this.news.tell();
  }

  end(): void {
    this.ended = true;
    this.news.tell();
  }

  fail(error: Error): void {
    this.failure = error;
    this.news.tell();
  }

  async next(): Promise<IteratorResult<runtime.AttachRequest, undefined>> {
    for (;;) {
      const value = this.waiting.shift();
      if (value) {
        this.taken++;
        return { done: false, value };
      }
      if (this.failure) throw this.failure;
      if (this.ended) return { done: true, value: undefined };
      await this.news.wait();
    }
  }

  async return(): Promise<IteratorResult<runtime.AttachRequest, undefined>> {
    this.returned = true;
    return { done: true, value: undefined };
  }
}
