import type { ReadStream } from 'node:tty';
import { TerminalMode } from '../attach/terminal-mode.js';
import { type Key, KeyDecoder } from './key-decoder.js';

/** A sequence comes in one piece, but over a slow line. */
const sequenceTimeoutMs = 50;

/** The keys of the terminal that is standard input, each as it is pressed. */
export class Keyboard implements Disposable {
  private readonly decoder = new KeyDecoder();
  private mode: TerminalMode;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly onKey: (key: Key) => void,
    private readonly terminal: ReadStream = process.stdin,
  ) {
    this.mode = TerminalMode.raw(terminal);
    terminal.on('data', this.take);
    terminal.resume();
  }

  /** The terminal is as it was before, until `resume`. */
  pause(): void {
    this.mode[Symbol.dispose]();
  }

  resume(): void {
    this.mode[Symbol.dispose]();
    this.mode = TerminalMode.raw(this.terminal);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
    this.terminal.off('data', this.take);
    this.terminal.pause();
    this.terminal.unref();
    this.mode[Symbol.dispose]();
  }

  private readonly take = (bytes: Buffer): void => {
    clearTimeout(this.timer);
    this.tell(this.decoder.add(bytes));
    if (this.decoder.isUnsure) this.timer = setTimeout(() => this.tell(this.decoder.settle()), sequenceTimeoutMs);
  };

  private tell(keys: readonly Key[]): void {
    for (const key of keys) this.onKey(key);
  }
}
