import { isUtf8 } from 'node:buffer';
import { observe } from '@aurae/proto';
import type { OutputChannel } from './running-process.js';

/** As in the log of a started executable: a longer line comes in several items. */
const longestItemBytes = 16 * 1024;
const lineBreak = 0x0a;

/** Cuts output into numbered lines. */
export class LineItems {
  private readonly channel: OutputChannel;
  private rest: Buffer[] = [];
  private restBytes = 0;
  private sequence = 0n;

  constructor(channel: OutputChannel) {
    this.channel = channel;
  }

  /** The lines that are whole with these bytes, and parts of those that are too long. Keeps no part of `bytes`. */
  *add(bytes: Buffer): Generator<observe.LogItem> {
    let start = 0;
    while (start < bytes.length) {
      const most = start + longestItemBytes - this.restBytes;
      const end = bytes.subarray(start, most).indexOf(lineBreak);
      if (end >= 0) {
        yield this.item(bytes.subarray(start, start + end), false);
        start += end + 1;
      } else if (most <= bytes.length) {
        yield this.item(bytes.subarray(start, most), true);
        start = most;
      } else {
        this.rest.push(Buffer.from(bytes.subarray(start)));
        this.restBytes += bytes.length - start;
        start = bytes.length;
      }
    }
  }

  /** What was left without a line break. */
  *end(): Generator<observe.LogItem> {
    if (this.restBytes > 0) yield this.item(Buffer.alloc(0), true);
  }

  private item(last: Buffer, partial: boolean): observe.LogItem {
    const bytes = this.restBytes === 0 ? last : Buffer.concat([...this.rest, last]);
    this.rest = [];
    this.restBytes = 0;
    return observe.LogItem.fromPartial({
      channel: this.channel,
      line: bytes.toString(),
      lineBytes: isUtf8(bytes) ? Buffer.alloc(0) : Buffer.from(bytes),
      timestamp: BigInt(Date.now()),
      sequence: ++this.sequence,
      partial,
    });
  }
}
