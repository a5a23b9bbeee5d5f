import { abortReason, type observe, onAbort } from '@aurae/proto';
import { LineItems } from '../exec-follow-lines.js';
import { Notice } from '../notice.js';
import type { OutputChannel } from '../running-process.js';

/** How many lines and bytes of lines wait for a slow follower; further ones are counted and dropped. */
const mostWaitingBytes = 1024 * 1024;
const mostWaitingItems = 10_000;

/** Those who look over the shoulder of a conversation. They never slow it down. */
export class OutputTaps {
  private readonly taps = new Set<Tap>();
  private ended = false;

  add(channel: OutputChannel, bytes: Buffer): void {
    for (const tap of this.taps) if (tap.channel === channel) tap.add(bytes);
  }

  end(): void {
    this.ended = true;
    for (const tap of this.taps) tap.end();
  }

  /** The lines of a channel from now on. */
  async *follow(channel: OutputChannel, signal: AbortSignal): AsyncGenerator<observe.LogItem> {
    if (this.ended) return;
    const tap = new Tap(channel);
    this.taps.add(tap);
    const ignoreAbort = onAbort(signal, tap.news.tell);
    try {
      for (;;) {
        if (signal.aborted) throw abortReason(signal);
        const item = tap.take();
        if (item) yield item;
        else if (tap.ended) return;
        else await tap.news.wait();
      }
    } finally {
      ignoreAbort();
      this.taps.delete(tap);
    }
  }
}

class Tap {
  readonly news = new Notice();
  ended = false;
  private readonly lines: LineItems;
  private items: observe.LogItem[] = [];
  private waitingBytes = 0;
  private dropped = 0n;
  private lastDropped: observe.LogItem | undefined;

  constructor(readonly channel: OutputChannel) {
    this.lines = new LineItems(channel);
  }

  add(bytes: Buffer): void {
    for (const item of this.lines.add(bytes)) this.keep(item);
    this.news.tell();
  }

  end(): void {
    for (const item of this.lines.end()) this.keep(item);
    // The last line always comes, so that a loss before it shows.
    if (this.lastDropped) this.items.push({ ...this.lastDropped, dropped: this.dropped - 1n });
    this.ended = true;
    this.news.tell();
  }

  take(): observe.LogItem | undefined {
    const item = this.items.shift();
    if (item) this.waitingBytes -= item.line.length;
    return item;
  }

  private keep(item: observe.LogItem): void {
    if (this.waitingBytes >= mostWaitingBytes || this.items.length >= mostWaitingItems) {
      this.dropped++;
      this.lastDropped = item;
      return;
    }
    this.items.push({ ...item, dropped: this.dropped });
    this.dropped = 0n;
    this.lastDropped = undefined;
    this.waitingBytes += item.line.length;
  }
}
